import { nativeTheme, systemPreferences } from 'electron';
import type { AccentPort } from '../../services/ports.ts';

/** The accent colour of the person's system. Systems that have none, or will not say, are not asked again. */
export const systemAccent: AccentPort = {
  now() {
    // #rrggbbaa without the mark, and an exception where the system has no such setting.
    try {
      const colour = systemPreferences.getAccentColor();
      return /^[0-9a-f]{8}$/i.test(colour) ? `#${colour.slice(0, 6).toLowerCase()}` : undefined;
    } catch {
      return undefined;
    }
  },
  onChange(listener) {
    systemPreferences.on('accent-color-changed', listener);
    // macOS tells of a new accent together with everything else about looks.
    nativeTheme.on('updated', listener);
    return () => {
      systemPreferences.off('accent-color-changed', listener);
      nativeTheme.off('updated', listener);
    };
  },
};
