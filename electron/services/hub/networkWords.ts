/** The sentences about what stands between this computer and the Hub. */
import { again, copyReport, enterToken, hubStatus, installedModels, mirrorDecision, otherModel } from './actions.ts';
import type { Facts, Shade, Words } from './words.ts';

/** The hosts a firewall has to let through (Hub facts 1.6). */
const downloadHosts = 'huggingface.co and *.hf.co (us.aws.cdn.hf.co, us.gcp.cdn.hf.co)';

/** One row per code, as in words.ts. */
export const networkWords = {
  offline: ({ repo, shade }) =>
    shade === 'switched-off'
      ? {
          title: 'Latchkey is set to work offline',
          text: 'Nothing is sent to the network while the switch is on. Models on this computer work as always.',
          actions: [{ kind: 'request', request: 'app.setOffline', input: { on: false }, label: 'Go online' }],
        }
      : {
          title: 'No connection to Hugging Face',
          text: 'Models already on this computer still work, and what is downloaded so far is kept.',
          actions: [again(repo), installedModels],
        },
  'tls-intercepted': ({ issuer, shade }) =>
    shade === 'clock'
      ? {
          title: 'The secure connection was refused because of a date',
          text: "A certificate on the way is out of date. Check this computer's clock first. Your token was not sent.",
          actions: [copyReport('Copy details for IT')],
        }
      : {
          title: 'Something on your network opens secure connections',
          text:
            `The certificate shown for Hugging Face ${issuer ? `was issued by "${issuer}"` : 'has an unknown issuer'}. ` +
            "Your token was not sent. If this is your company's own inspection, IT can add its certificate to this computer.",
          actions: [copyReport('Copy details for IT')],
        },
  'proxy-or-portal': ({ repo, shade }) => ({
    ...between(shade),
    actions: [
      ...(isProxy(shade) ? [] : [{ kind: 'page', page: 'status', label: 'Open a web page' } as const]),
      again(repo),
      copyReport('Copy details for IT'),
    ],
  }),
  'not-the-hub': ({ host, shade }) =>
    shade === 'insecure'
      ? {
          title: 'This Hub address is not encrypted',
          text: 'Latchkey sends an access token only over https. Nothing was sent.',
          actions: [copyReport()],
        }
      : {
          title: 'The answer did not come from a Hugging Face Hub',
          text: `${host ?? 'The server'} answered in a form the Hub does not use. A mirror or a filter may stand in between.`,
          actions: [copyReport()],
        },
  'mirror-asks': ({ host, shade }) =>
    shade === 'withheld'
      ? {
          title: `${mirror(host)} does not get your token`,
          text: 'You decided so, and models behind a licence need one. Open models can be downloaded from there without it.',
          actions: [mirrorDecision(host, true), otherModel('Choose an open model')],
        }
      : {
          title: `May ${mirror(host)} have your access token?`,
          text:
            `HF_ENDPOINT sends all requests to ${mirror(host)} instead of huggingface.co. Whoever runs it could use the ` +
            'token for everything it allows. It was not sent; Latchkey remembers what you decide.',
          actions: [mirrorDecision(host, true), mirrorDecision(host, false)],
        },
  'hub-trouble': ({ repo }) => ({
    title: 'Hugging Face has a problem right now',
    text: 'The fault is on their side. What is downloaded so far is kept.',
    actions: [again(repo), hubStatus],
  }),
  'rate-limited': ({ repo, shade }) => ({
    title: 'Hugging Face asks to slow down',
    text:
      'Too many requests came from your network or account in the last minutes. This passes by itself.' +
      (shade === 'no-token' ? ' Signed-in accounts may ask more often.' : ''),
    actions: shade === 'no-token' ? [again(repo), enterToken('Sign in')] : [again(repo)],
  }),
  'cdn-blocked': ({ host, repo }) => ({
    title: 'Your network blocks the download servers',
    text: `Hugging Face answers, but ${host ?? 'its download server'} does not. A firewall has to allow ${downloadHosts}.`,
    actions: [copyReport('Copy list for IT'), again(repo)],
  }),
} as const satisfies Readonly<Record<string, (facts: Facts) => Words>>;

function mirror(host: string | undefined): string {
  return host ?? 'the mirror';
}

function isProxy(shade: Shade | undefined): boolean {
  return shade?.startsWith('proxy-') === true;
}

/** What answered, or should have, in the place of Hugging Face. */
function between(shade: Shade | undefined): Pick<Words, 'title' | 'text'> {
  switch (shade) {
    case 'proxy-sign-in':
      return {
        title: 'Your proxy did not let the request through',
        text:
          'A proxy stands between this computer and Hugging Face, and it refused. If it wants a name and password, ' +
          'HTTPS_PROXY can carry them: http://NAME:PASSWORD@HOST:PORT.',
      };
    case 'proxy-away':
      return {
        title: 'Your proxy does not answer',
        text:
          'This computer is set to reach the internet through a proxy, and nobody is there. Away from its network the ' +
          'proxy may have to be switched off. Models on this computer still work.',
      };
    case 'proxy-error':
      return {
        title: 'Your proxy could not reach Hugging Face',
        text: 'The proxy on your network answered instead. Whoever runs it can say what it blocks.',
      };
    default:
      return {
        title: 'Your network answered instead of Hugging Face',
        text: 'This happens on networks that want you to sign in on a web page first, and behind filters that block a site.',
      };
  }
}
