export function flatten(messages: Record<string, unknown>, prefix?: string): Map<string, string>;
export function differences(first: Record<string, unknown>, other: Record<string, unknown>): string[];
export function literals(source: string): string[];
export function filesOf(folder: string, ending: string): string[];
export function read(path: string): string;
