/**
 * Imported by what runs under strace with a fault at the nth call. A write that takes long makes the next ones go to another
 * thread, and strace counts the calls of each thread: a busy machine must not look like a slow disk there.
 */
const clock = performance.now.bind(performance);
performance.now = () => clock() / 1000;
