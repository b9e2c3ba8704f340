public import Foundation

/// A run as printed by `runs --json`. Paths begin with `root`, dates are ISO 8601, and unknown
/// values are `null`. The JSON does not depend on the encoder's strategies.
public struct RunSummary: Encodable, Equatable, Sendable {
  /// The row of the run.
  public package(set) var run: Run
  /// Median duration of the steps after the first two, in seconds, without samples and checkpoints;
  /// nil with fewer than three steps.
  public let secondsPerStep: Double?
  /// The folder that recorded paths are relative to.
  public let root: URL

  /// Path of the run folder, below ``root``.
  public var path: String { path(run.path) }

  /// A recorded path, below ``root``.
  func path(_ recorded: String) -> String {
    root.appendingPathComponent(recorded).relativePath
  }

  private enum CodingKeys: String, CodingKey {
    case id, subject, status, step, steps, loss, path
    case secondsPerStep = "seconds_per_step"
    case peakMemoryBytes = "peak_memory_bytes"
    case startedAt = "started_at"
    case updatedAt = "updated_at"
    case finishedAt = "finished_at"
    case model, dataset, version, failure, hosts
    case worldSize = "world_size"
  }

  /// Encodes one JSON object.
  public func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: CodingKeys.self)
    try json.encode(run.id, forKey: .id)
    try json.encode(run.subject, forKey: .subject)
    try json.encode(run.status, forKey: .status)
    try json.encode(run.step, forKey: .step)
    try json.encode(run.steps, forKey: .steps)
    try json.encode(run.loss, forKey: .loss)
    try json.encode(secondsPerStep, forKey: .secondsPerStep)
    try json.encode(run.peakMemoryBytes, forKey: .peakMemoryBytes)
    try json.encode(path, forKey: .path)
    try json.encode(run.startedAt.ISO8601Format(), forKey: .startedAt)
    try json.encode(run.updatedAt.ISO8601Format(), forKey: .updatedAt)
    try json.encode(run.finishedAt?.ISO8601Format(), forKey: .finishedAt)
    try json.encode(run.model, forKey: .model)
    try json.encode(run.dataset, forKey: .dataset)
    try json.encode(run.version, forKey: .version)
    try json.encode(run.failure, forKey: .failure)
    try json.encode(run.worldSize ?? 1, forKey: .worldSize)
    try json.encode(run.hosts ?? [run.host], forKey: .hosts)
  }
}
