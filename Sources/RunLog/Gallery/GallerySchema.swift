import GRDB

/// The tables of the gallery, as a list of migrations. A released migration never changes.
enum GallerySchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1") { db in
      try db.create(table: "job") { job in
        job.autoIncrementedPrimaryKey("id")
        job.column("status", .text).notNull().indexed()
        job.column("kind", .text).notNull()
        job.column("title", .text).notNull()
        job.column("request", .text).notNull()
        job.column("seed", .text)
        job.column("count", .integer).notNull()
        job.column("result", .text)
        job.column("failure", .text)
        job.column("created_at", .datetime).notNull()
        job.column("updated_at", .datetime).notNull()
      }
      try db.create(table: "picture") { picture in
        picture.autoIncrementedPrimaryKey("id")
        picture.column("job", .integer).notNull().indexed().references("job", onDelete: .cascade)
        picture.column("variant", .integer).notNull()
        picture.column("seed", .text).notNull()
        picture.column("path", .text).notNull().unique()
        picture.column("width", .integer).notNull()
        picture.column("height", .integer).notNull()
        picture.column("prompt", .text).notNull()
        picture.column("record", .text).notNull()
        picture.column("is_starred", .boolean).notNull()
        picture.column("created_at", .datetime).notNull()
      }
    }
    return migrator
  }
}
