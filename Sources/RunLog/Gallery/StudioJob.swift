public import Foundation
public import GRDB

/// The state of a job of the studio.
public enum JobStatus: String, Codable, Sendable, DatabaseValueConvertible {
  case waiting, running, finished, failed, cancelled

  /// Whether the job has not ended yet.
  public var isActive: Bool { self == .waiting || self == .running }
}

/// A job of the studio, such as a drawing: a row of the table `job`.
public struct StudioJob: Codable, Equatable, Sendable, Identifiable {
  /// The job's number, from 1; nil before it is recorded.
  public var id: Int64?
  /// The state last recorded. A process that died leaves an active one behind.
  public var status: JobStatus
  /// What the job does, such as `drawing`.
  public let kind: String
  /// What the job shows in lists, such as the prompt.
  public let title: String
  /// What was asked for, the text of a JSON object.
  public let request: String
  /// The seed of the first picture, as text, since SQLite has no unsigned numbers; nil for jobs
  /// without one.
  public let seed: String?
  /// The number of pictures to draw.
  public let count: Int
  /// The folder with the result, relative to the database's folder; nil for jobs whose pictures are in the
  /// gallery.
  public var result: String?
  /// The error that ended the job, one sentence; nil unless it failed.
  public var failure: String?
  /// When the job was recorded.
  public let createdAt: Date
  /// When its state changed last.
  public var updatedAt: Date

  /// A job that waits and is not recorded yet.
  public init(kind: String, title: String, request: String, seed: UInt64? = nil, count: Int) {
    status = .waiting
    self.kind = kind
    self.title = title
    self.request = request
    self.seed = seed.map { "\($0)" }
    self.count = count
    createdAt = Date()
    updatedAt = createdAt
  }
}

extension StudioJob: GalleryRow {
  /// The table of jobs.
  public static let databaseTableName = "job"

  /// Takes the number that the database has given the job.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}
