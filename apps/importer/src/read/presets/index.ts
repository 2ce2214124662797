import type { Preset, PresetName } from '../event-fields.js';
import { amplitude } from './amplitude.js';
import { mixpanel } from './mixpanel.js';
import { posthog } from './posthog.js';
import { segment } from './segment.js';

export const presets: Readonly<Record<PresetName, Preset>> = { posthog, mixpanel, amplitude, segment };
