// Names as Kubernetes allows them, with the words in which it refuses others.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const name1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const wildcard = `\\*\\.${label}(\\.${label})*`;

/** For each kind of name: what it must look like, and what is said when it does not. */
export const names = {
  label: {
    pattern: new RegExp(`^(?=.{1,63}$)${label}$`),
    why: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  label1035: {
    pattern: new RegExp(`^(?=.{1,63}$)${name1035}$`),
    why: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${name1035}')`,
  },
  subdomain: {
    pattern: new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`),
    why: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${label}(\\.${label})*')`,
  },
  wildcard: {
    pattern: new RegExp(`^(?=.{1,253}$)${wildcard}$`),
    why: `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '${wildcard}')`,
  },
};
