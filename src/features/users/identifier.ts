export { emailKey, maskedEmail } from '../../kernel';
