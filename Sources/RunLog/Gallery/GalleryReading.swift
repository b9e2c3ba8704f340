package import Foundation
package import GRDB

/// A gallery that can be read, whether it is open for writing or only for reading.
package protocol GalleryReading: Sendable {
  /// The database file.
  var url: URL { get }
  /// Reads from one snapshot of the database.
  func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value
}

extension GalleryReading {
  /// The newest jobs, the newest first. Throws `RunLogError`.
  package func jobs(limit: Int) throws(RunLogError) -> [StudioJob] {
    try read { try StudioJob.order(Column("id").desc).limit(limit).fetchAll($0) }
  }

  /// The job with a number; nil if there is none. Throws `RunLogError`.
  package func job(_ id: Int64) throws(RunLogError) -> StudioJob? {
    try read { try StudioJob.fetchOne($0, key: id) }
  }

  /// The newest pictures, the newest first.
  ///
  /// - Parameters:
  ///   - before: only pictures with lower numbers; nil: all.
  ///   - starred: whether only marked pictures are returned.
  /// - Throws: `RunLogError`.
  package func pictures(
    before: Int64? = nil, starred: Bool = false, limit: Int
  ) throws(RunLogError) -> [GalleryPicture] {
    try read { db in
      var request = GalleryPicture.order(Column("id").desc).limit(limit)
      if let before { request = request.filter(Column("id") < before) }
      if starred { request = request.filter(Column("is_starred") == true) }
      return try request.fetchAll(db)
    }
  }

  /// The picture with a number; nil if there is none. Throws `RunLogError`.
  package func picture(_ id: Int64) throws(RunLogError) -> GalleryPicture? {
    try read { try GalleryPicture.fetchOne($0, key: id) }
  }

  /// The paths of all pictures, relative to the database's folder. Throws `RunLogError`.
  package func paths() throws(RunLogError) -> Set<String> {
    try read { try String.fetchSet($0, sql: "SELECT path FROM picture") }
  }

  /// The pictures of jobs, in the order in which they were drawn. Throws `RunLogError`.
  package func pictures(ofJobs jobs: [Int64]) throws(RunLogError) -> [GalleryPicture] {
    try read {
      try GalleryPicture.filter(jobs.contains(Column("job"))).order(Column("id")).fetchAll($0)
    }
  }
}

/// The gallery, opened for reading, which creates and changes no file.
package struct GalleryArchive: GalleryReading {
  private let database: ReadOnlyDatabase

  /// Opens the database at `url`; nil if there is none. Throws `RunLogError` if it cannot be read.
  package init?(at url: URL) throws(RunLogError) {
    guard let database = try ReadOnlyDatabase(at: url, migrator: GallerySchema.migrator) else {
      return nil
    }
    self.database = database
  }

  package var url: URL { database.url }

  package func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try database.read(body)
  }
}
