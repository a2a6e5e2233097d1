export { type CommandHint, type CommentView, MAX_COMMENT, marker, renderComment, terminalCommands } from './render.ts';
export { type CommentPort, type KnownComment, type Upserted, upsertComment } from './upsert.ts';
