/** The few lines of SDP that a WHEP or WHIP client must know. */

/** One candidate as the browser gives it. */
export interface Candidate {
  candidate: string;
  sdpMid: string | null;
  usernameFragment?: string | null;
}

const valueOf = (sdp: string, name: string): string | null =>
  new RegExp(`^a=${name}:(.+?)\\r?$`, 'm').exec(sdp)?.[1] ?? null;

const kindOf = (sdp: string): string => /^m=(\w+) /m.exec(sdp)?.[1] ?? 'video';

/** What PATCH carries (RFC 8840): the candidates of one medium; an empty list ends them. */
export function fragmentOf(sdp: string, candidates: Candidate[]): string {
  const lines = [`a=ice-ufrag:${valueOf(sdp, 'ice-ufrag') ?? ''}`, `a=ice-pwd:${valueOf(sdp, 'ice-pwd') ?? ''}`];
  lines.push(`m=${kindOf(sdp)} 9 UDP/TLS/RTP/SAVPF 0`, `a=mid:${candidates[0]?.sdpMid ?? valueOf(sdp, 'mid') ?? '0'}`);
  for (const one of candidates) lines.push(`a=${one.candidate.replace(/^a=/, '')}`);
  if (candidates.length === 0) lines.push('a=end-of-candidates');
  return lines.map((line) => `${line}\r\n`).join('');
}

/** Whether the answer takes any video at all: an `m=` line of port 0 is a refusal. */
export function takesVideo(answer: string): boolean {
  const port = /^m=video (\d+) /m.exec(answer)?.[1];
  return port !== undefined && port !== '0' && !/^a=inactive\r?$/m.test(answer);
}
