// Validates XML documents against a schema, both from standard input as JSON: { schema, documents: { name: text }, path }. With a
// path, what the schema imports is read from the files beside it.
// Answers a JSON object of the faults by name. A process of its own, because the validator is an ES module.
import { readFileSync } from 'node:fs';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';

const { schema, documents, path } = JSON.parse(readFileSync(0, 'utf8'));
if (path) xmlRegisterFsInputProviders();
const parsed = XmlDocument.fromString(schema, path ? { url: path } : undefined);
const validator = XsdValidator.fromDoc(parsed);
const faults = {};
for (const [name, text] of Object.entries(documents)) {
  const document = XmlDocument.fromString(text);
  try {
    validator.validate(document);
  } catch (error) {
    faults[name] = error.details ? error.details.map(({ message, xpath }) => `${xpath}: ${message.trim()}`) : [String(error)];
  } finally {
    document.dispose();
  }
}
validator.dispose();
parsed.dispose();
process.stdout.write(JSON.stringify(faults));
