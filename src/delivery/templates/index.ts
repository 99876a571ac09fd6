/**
 * What messages say, in English and German: one catalogue of texts, one layout for HTML. Values are filled in
 * as text and escaped in HTML, so a browser name or a label cannot write markup or a second header line.
 */
export { LANGUAGES, TEMPLATE_NAMES, type Language, type TemplateName } from './catalogue';
export { languageOf, render, type Rendered } from './render';
