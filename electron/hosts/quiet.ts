/**
 * Imported first by every host: ONNX Runtime for Linux ships with an uploader that is on by default, and this variable is
 * its full opt-out. It must stand before anything loads the library and before any child inherits the environment.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
