public import Foundation
public import GRDB

/// One optimizer step of a run: one row of the table `step`.
public struct StepRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// Counts from 1.
  public let step: Int
  /// Loss, averaged over the step's pictures.
  public let loss: Double
  /// Learning rate of the first parameter group in this step.
  public let learningRate: Double
  /// Learning rate of each parameter group by its name; nil where there is only one.
  public let learningRates: [String: Double]?
  /// Norm of the gradient before clipping; nil where it is not finite, as in an fp16 step that the
  /// loss scaler skips.
  public let gradNorm: Double?
  /// Duration of the step, samples and checkpoints excluded.
  public let seconds: Double
  /// Mean of the timesteps drawn for the step's pictures.
  public let timestep: Double?
  /// The part of the loss that is the subject's, where there are class images.
  public let instanceLoss: Double?
  /// The class images' loss, not weighted.
  public let priorLoss: Double?

  /// A step; a `gradNorm` that is not finite becomes nil.
  public init(
    run: Int64, step: Int, loss: Double, learningRate: Double,
    learningRates: [String: Double]? = nil, gradNorm: Double?, seconds: Double,
    timestep: Double? = nil, instanceLoss: Double? = nil, priorLoss: Double? = nil
  ) {
    self.run = run
    self.step = step
    self.loss = loss
    self.learningRate = learningRate
    self.learningRates = learningRates
    self.gradNorm = gradNorm.flatMap { $0.isFinite ? $0 : nil }
    self.seconds = seconds
    self.timestep = timestep
    self.instanceLoss = instanceLoss
    self.priorLoss = priorLoss
  }
}

/// One checkpoint folder of a run.
public struct CheckpointRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// Steps done when it was saved.
  public let step: Int
  /// The folder, relative to the folder that the database lies in.
  public let path: String
  /// SHA-256 of `adapter.safetensors`, in hexadecimal.
  public let sha256: String

  /// A checkpoint whose folder is complete.
  public init(run: Int64, step: Int, path: String, sha256: String) {
    self.run = run
    self.step = step
    self.path = path
    self.sha256 = sha256
  }
}

/// One sample grid of a run.
public struct SampleRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// Steps done when it was drawn.
  public let step: Int
  /// The grid's picture, relative to the folder that the database lies in.
  public let path: String

  /// A sample grid that is on the disk.
  public init(run: Int64, step: Int, path: String) {
    self.run = run
    self.step = step
    self.path = path
  }
}

/// One evaluation of the pictures that are kept from training.
public struct ValidationRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// Steps done when they were evaluated.
  public let step: Int
  /// Their mean loss.
  public let loss: Double
  /// Their mean loss at each timestep, from the least noise to the most; nil where an older version
  /// evaluated them.
  public let bands: [Double]?
  /// The mean loss of pictures that are trained on, at the same timesteps and with the same noise.
  public let trainingLoss: Double?
  /// Theirs at each timestep.
  public let trainingBands: [Double]?

  /// An evaluation.
  public init(
    run: Int64, step: Int, loss: Double, bands: [Double]? = nil, trainingLoss: Double? = nil,
    trainingBands: [Double]? = nil
  ) {
    self.run = run
    self.step = step
    self.loss = loss
    self.bands = bands
    self.trainingLoss = trainingLoss
    self.trainingBands = trainingBands
  }
}

/// One continuation of a run: the lineage of what it became.
public struct Resumption: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The step of the checkpoint that the run continued from.
  public let step: Int
  /// SHA-256 of that checkpoint's `adapter.safetensors`; nil when the run began again from nothing.
  public let sha256: String?
  /// Version of the program that continued.
  public let version: String
  /// When it continued; nil where that is not known.
  public let resumedAt: Date?
  /// What was different from the run so far and let pass; nil where the training stayed exact.
  public let changes: String?

  /// A continuation, as the run's checkpoints tell it.
  public init(
    run: Int64, step: Int, sha256: String?, version: String, resumedAt: Date?,
    changes: String? = nil
  ) {
    self.run = run
    self.step = step
    self.sha256 = sha256
    self.version = version
    self.resumedAt = resumedAt
    self.changes = changes
  }
}

/// How every record names its columns: the property names in snake_case.
public protocol RunRecord: FetchableRecord, PersistableRecord {}

extension RunRecord {
  /// `learning_rate` is read as `learningRate`.
  public static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy {
    .convertFromSnakeCase
  }
  /// `learningRate` is written as `learning_rate`.
  public static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy {
    .convertToSnakeCase
  }
}

extension StepRecord: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "step"
}

extension CheckpointRecord: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "checkpoint"
}

extension SampleRecord: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "sample"
}

extension ValidationRecord: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "validation"
}

extension Resumption: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "resumption"
}
