// What the compiler leaves behind: files that are served or read as they are.
import { cpSync } from 'node:fs';

cpSync('src/report/pages/assets', 'dist/report/pages/assets', { recursive: true });
