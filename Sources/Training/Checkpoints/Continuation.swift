public import Foundation

/// One time that a run was continued: what became of it is its lineage.
public struct Continuation: Codable, Sendable, Equatable {
  /// The step that it went on from.
  public var step: Int
  /// The hash of that checkpoint's adapter; nil where the run began again from nothing.
  public var sha256: String?
  /// The version of the program that went on.
  public var version: String
  /// When, in ISO 8601.
  public var resumedAt: String
  /// What was different and let pass, in a few words each; empty where the training stayed exact.
  public var changes: [String]

  private enum CodingKeys: String, CodingKey {
    case step, sha256, version, changes
    case resumedAt = "resumed_at"
  }

  /// A continuation, now.
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
