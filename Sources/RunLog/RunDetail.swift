import Foundation

/// A run with all its records, as printed by `show --json`: the fields of ``RunSummary`` and
/// `config`, `exact`, `losses`, `checkpoints`, `samples`, `validation`, `resumptions`.
public struct RunDetail: Encodable, Equatable, Sendable {
  /// The fields that `runs --json` prints too.
  public package(set) var summary: RunSummary
  /// The resolved configuration, a JSON object.
  public let config: JSONValue
  /// All steps, in order.
  public let losses: [StepRecord]
  /// The recorded checkpoints, in order of steps.
  public var checkpoints: [CheckpointRecord]
  /// The sample grids, in order of steps.
  public let samples: [SampleRecord]
  /// The validation losses, in order of steps.
  public let validation: [ValidationRecord]
  /// The resumes, oldest first.
  public let resumes: [ResumeRecord]

  /// The steps of recorded checkpoints that are not on the disk. They have `"missing": true`.
  public var missingCheckpoints: [Int] = []
  /// The steps of recorded sample grids that are not on the disk. They have `"missing": true`.
  public var missingSamples: [Int] = []

  /// Whether no resume allowed a change, so that the whole run has the recorded configuration.
  public var isExact: Bool { resumes.allSatisfy { $0.changes == nil } }

  private enum CodingKeys: String, CodingKey {
    case config, exact, losses, checkpoints, samples, validation
    case resumes = "resumptions"
  }

  /// Encodes one JSON object.
  public func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var json = encoder.container(keyedBy: CodingKeys.self)
    try json.encode(config, forKey: .config)
    try json.encode(isExact, forKey: .exact)
    try json.encode(losses.map(Loss.init), forKey: .losses)
    try json.encode(
      checkpoints.map {
        Checkpoint(
          step: $0.step, path: summary.path($0.path), sha256: $0.sha256,
          missing: missingCheckpoints.contains($0.step) ? true : nil)
      }, forKey: .checkpoints)
    try json.encode(
      samples.map {
        Sample(
          step: $0.step, path: summary.path($0.path),
          missing: missingSamples.contains($0.step) ? true : nil)
      }, forKey: .samples)
    try json.encode(
      validation.map(Validation.init), forKey: .validation)
    try json.encode(resumes.map(Resume.init), forKey: .resumes)
  }
}

/// A step in `show --json`. It has `learning_rates` unless the UNet's group is the only one, and
/// `instance_loss` and `prior_loss` only with class images.
private struct Loss: Encodable {
  let record: StepRecord

  enum CodingKeys: String, CodingKey {
    case step, loss, seconds, timestep
    case learningRate = "learning_rate"
    case learningRates = "learning_rates"
    case gradNorm = "grad_norm"
    case instanceLoss = "instance_loss"
    case priorLoss = "prior_loss"
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: CodingKeys.self)
    try json.encode(record.step, forKey: .step)
    try json.encode(record.loss, forKey: .loss)
    try json.encode(record.learningRate, forKey: .learningRate)
    try json.encodeIfPresent(record.learningRates, forKey: .learningRates)
    try json.encode(record.gradNorm, forKey: .gradNorm)
    try json.encode(record.seconds, forKey: .seconds)
    try json.encode(record.timestep, forKey: .timestep)
    try json.encodeIfPresent(record.instanceLoss, forKey: .instanceLoss)
    try json.encodeIfPresent(record.priorLoss, forKey: .priorLoss)
  }
}

private struct Checkpoint: Encodable {
  let step: Int
  let path: String
  let sha256: String
  let missing: Bool?
}

private struct Sample: Encodable {
  let step: Int
  let path: String
  let missing: Bool?
}

private struct Validation: Encodable {
  let step: Int
  let loss: Double
  let bands: [Double]?
  let trainingLoss: Double?
  let trainingBands: [Double]?

  init(_ record: ValidationRecord) {
    step = record.step
    loss = record.loss
    bands = record.bands
    trainingLoss = record.trainingLoss
    trainingBands = record.trainingBands
  }

  enum CodingKeys: String, CodingKey {
    case step, loss, bands
    case trainingLoss = "training_loss"
    case trainingBands = "training_bands"
  }
}

private struct Resume: Encodable {
  let step: Int
  let sha256: String?
  let version: String
  let resumedAt: String?
  let changes: String?

  init(_ resume: ResumeRecord) {
    step = resume.step
    sha256 = resume.sha256
    version = resume.version
    resumedAt = resume.resumedAt?.ISO8601Format()
    changes = resume.changes
  }

  enum CodingKeys: String, CodingKey {
    case step, sha256, version, changes
    case resumedAt = "resumed_at"
  }

  func encode(to encoder: any Encoder) throws {
    var json = encoder.container(keyedBy: CodingKeys.self)
    try json.encode(step, forKey: .step)
    try json.encodeIfPresent(sha256, forKey: .sha256)
    try json.encode(version, forKey: .version)
    try json.encode(resumedAt, forKey: .resumedAt)
    try json.encodeIfPresent(changes, forKey: .changes)
  }
}
