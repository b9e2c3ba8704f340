public import Foundation

/// One resume of a run. All of a run's resumes are its lineage.
public struct Resume: Codable, Sendable, Equatable {
  /// The step of the checkpoint that the run resumed from.
  public var step: Int
  /// SHA-256 of that checkpoint's adapter; nil if the run restarted without a checkpoint, or went on with
  /// other settings because memory ran out.
  public var sha256: String?
  /// Version of the program that resumed the run.
  public var version: String
  /// Time of the resume, in ISO 8601.
  public var resumedAt: String
  /// The changes that were allowed, such as `seed: 1 -> 2`; empty if nothing changed.
  public var changes: [String]

  private enum CodingKeys: String, CodingKey {
    case step, sha256, version, changes
    case resumedAt = "resumed_at"
  }

  /// Creates a resume, by default at the present time.
  public init(
    step: Int, sha256: String?, version: String, changes: [String] = [], at date: Date = Date()
  ) {
    self.step = step
    self.sha256 = sha256
    self.version = version
    self.changes = changes
    resumedAt = date.ISO8601Format()
  }
}
