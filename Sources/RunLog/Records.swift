public import Foundation
public import GRDB

/// One optimizer step of a run, a row of the table `step`.
public struct StepRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The step's number, from 1.
  public let step: Int
  /// Mean loss over the step's images.
  public let loss: Double
  /// Learning rate of the first parameter group in this step.
  public let learningRate: Double
  /// Learning rate of each parameter group by name; nil if the UNet's is the only one.
  public let learningRates: [String: Double]?
  /// 2-norm of the gradient before clipping; nil if it is not finite, as in an fp16 step that the
  /// loss scaler skips.
  public let gradNorm: Double?
  /// Duration in seconds, without samples and checkpoints.
  public let seconds: Double
  /// Mean timestep of the step's images.
  public let timestep: Double?
  /// Loss of the subject's images; nil without class images.
  public let instanceLoss: Double?
  /// Loss of the class images, before weighting; nil without class images.
  public let priorLoss: Double?

  /// Creates the record; a `gradNorm` that is not finite becomes nil.
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

/// One checkpoint of a run, a row of the table `checkpoint`.
public struct CheckpointRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The number of steps done at the checkpoint.
  public let step: Int
  /// Path of the checkpoint folder, relative to the database's folder.
  public let path: String
  /// SHA-256 of `adapter.safetensors`, in hexadecimal.
  public let sha256: String

  /// Creates the record of a checkpoint folder that is complete.
  public init(run: Int64, step: Int, path: String, sha256: String) {
    self.run = run
    self.step = step
    self.path = path
    self.sha256 = sha256
  }
}

/// One sample grid of a run, a row of the table `sample`.
public struct SampleRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The number of steps done when it was drawn.
  public let step: Int
  /// Path of the grid's PNG file, relative to the database's folder.
  public let path: String

  /// Creates the record of a sample grid that is on the disk.
  public init(run: Int64, step: Int, path: String) {
    self.run = run
    self.step = step
    self.path = path
  }
}

/// One validation of a run, a row of the table `validation`.
public struct ValidationRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The number of steps done at the validation.
  public let step: Int
  /// Mean loss of the validation images.
  public let loss: Double
  /// Mean loss at each timestep, from the least noise to the most; nil in records of older
  /// versions.
  public let bands: [Double]?
  /// Mean loss of training images at the same timesteps and with the same noise.
  public let trainingLoss: Double?
  /// Mean loss of the training images at each timestep.
  public let trainingBands: [Double]?

  /// Creates the record.
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

/// One resume of a run, a row of the table `resumption`. All of a run's resumes are its lineage.
public struct ResumeRecord: Codable, Equatable, Sendable {
  /// The run's id.
  public let run: Int64
  /// The step of the checkpoint that the run resumed from.
  public let step: Int
  /// SHA-256 of that checkpoint's `adapter.safetensors`; nil if the run restarted without a
  /// checkpoint, or went on with other settings because memory ran out.
  public let sha256: String?
  /// Version of the program that resumed the run.
  public let version: String
  /// Time of the resume; nil if it is not known.
  public let resumedAt: Date?
  /// The changes that were allowed, with ``changesSeparator`` between them; nil if nothing changed.
  public let changes: String?

  /// The text between two changes.
  package static let changesSeparator = "; "

  /// Creates the record.
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

/// A row of the database. Its columns are the property names in snake_case.
public protocol RunRecord: FetchableRecord, PersistableRecord {}

extension RunRecord {
  /// The column `learning_rate` decodes to `learningRate`.
  public static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy {
    .convertFromSnakeCase
  }
  /// `learningRate` encodes to the column `learning_rate`.
  public static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy {
    .convertToSnakeCase
  }
}

extension StepRecord: RunRecord {
  /// The table of steps.
  public static let databaseTableName = "step"
}

extension CheckpointRecord: RunRecord {
  /// The table of checkpoints.
  public static let databaseTableName = "checkpoint"
}

extension SampleRecord: RunRecord {
  /// The table of sample grids.
  public static let databaseTableName = "sample"
}

extension ValidationRecord: RunRecord {
  /// The table of validations.
  public static let databaseTableName = "validation"
}

extension ResumeRecord: RunRecord {
  /// The table of resumes, under the name that it had in the first version.
  public static let databaseTableName = "resumption"
}
