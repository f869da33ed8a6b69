import about from '../../package.json' with { type: 'json' };

/** The version people see and report. */
export const version = about.version;
