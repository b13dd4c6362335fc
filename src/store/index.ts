export interface Database {
  _?: never;
}
