import test from 'ava';
import { parseLogoUrl } from '../../webserver/branding.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

test('the name and the logo are in the pages, the manifest and the policy', async (t) => {
  const { url } = await startWebserver(t, {
    WARMTERM_NAME: `R&D "Lab" </title><script>`,
    WARMTERM_LOGO_URL: 'https://static.example.org/logo.svg?v=2',
  });
  const escaped = 'R&#38;D &#34;Lab&#34; &#60;/title&#62;&#60;script&#62;';
  const page = await fetch(url);
  const html = await page.text();
  t.true(html.includes(`<title>${escaped}</title>`));
  t.true(html.includes(`<meta name="application-name" content="${escaped}">`));
  t.true(html.includes('<meta name="warmterm-logo" content="https://static.example.org/logo.svg?v=2">'));
  t.true((await (await fetch(`${url}/host`)).text()).includes(`<title>Terminals · ${escaped}</title>`));
  t.regex(
    page.headers.get('content-security-policy') ?? '',
    /img-src 'self' https:\/\/static\.example\.org\/logo\.svg;/,
  );
  const manifest = (await (await fetch(`${url}/manifest.webmanifest`)).json()) as Record<string, unknown>;
  t.like(manifest, { name: `R&D "Lab" </title><script>`, short_name: `R&D "Lab" </title><script>` });
});

test('without them the page is as it was built, and allows no pictures of others', async (t) => {
  const { url } = await startWebserver(t);
  const page = await fetch(url);
  t.true((await page.text()).includes('<title>warmterm</title>'));
  t.regex(page.headers.get('content-security-policy') ?? '', /img-src 'self';/);
});

test('a logo is an https URL that cannot end a source of the policy', (t) => {
  t.is(parseLogoUrl('https://static.example.org/a logo.svg'), 'https://static.example.org/a%20logo.svg');
  for (const wrong of [
    'http://static.example.org/logo.svg',
    'https://user:password@example.org/logo.svg',
    'https://example.org/logo.svg;script-src *',
    'https://example.org/a,b.svg',
    'https://example.org/#logo',
    'data:image/svg+xml,<svg/>',
    'javascript:alert(1)',
    '/logo.svg',
    '',
  ]) {
    t.is(parseLogoUrl(wrong), undefined, wrong);
  }
});
