public import GRDB

/// A row of the gallery. Its columns are the property names in snake_case.
public protocol GalleryRow: FetchableRecord, MutablePersistableRecord {}

extension GalleryRow {
  /// The column `created_at` decodes to `createdAt`.
  public static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy {
    .convertFromSnakeCase
  }
  /// `createdAt` encodes to the column `created_at`.
  public static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy {
    .convertToSnakeCase
  }
}
