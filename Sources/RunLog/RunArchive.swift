package import Foundation
package import GRDB

/// The database of runs, opened for reading, which creates, changes and removes no file. Tables of an
/// older version are migrated in memory.
package struct RunArchive: RunHistory {
  private let database: ReadOnlyDatabase

  /// Opens the database at `url`; nil if there is none. Throws `RunLogError` if it cannot be read.
  package init?(at url: URL) throws(RunLogError) {
    guard let database = try ReadOnlyDatabase(at: url, migrator: Schema.migrator) else {
      return nil
    }
    self.database = database
  }

  /// The database file.
  package var url: URL { database.url }

  /// Reads from one snapshot of the database.
  package func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try database.read(body)
  }
}
