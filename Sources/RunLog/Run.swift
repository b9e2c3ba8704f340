public import Files
public import Foundation
public import GRDB

/// Where a run stands.
public enum RunStatus: String, Codable, Sendable, DatabaseValueConvertible {
  case running, interrupted, finished, failed
}

/// One training run: one row of the table `run`.
public struct Run: Codable, Equatable, Sendable, Identifiable {
  /// The highest number that a run can have.
  static let highestID = Int64(Int32.max)

  /// The number that users name the run by, counted from 1.
  public let id: Int64
  /// Name of the subject, as in `--subject`.
  public var subject: String
  /// Where the run stands, as last recorded.
  public var status: RunStatus
  /// Optimizer steps done.
  public var step: Int
  /// Optimizer steps asked for.
  public var steps: Int
  /// The run's folder, relative to the folder that the database lies in.
  public var path: String
  /// The base model, as the user named it.
  public var model: String
  /// The dataset folder, as the user named it.
  public var dataset: String
  /// The resolved training configuration: the text of one JSON object.
  public var config: String
  /// Version of the program that began the run.
  public var version: String
  /// When the run was begun.
  public var startedAt: Date
  /// Heartbeat: when anything was last recorded.
  public var updatedAt: Date
  /// When the run finished or failed.
  public var finishedAt: Date?
  /// Loss of the last step.
  public var loss: Double?
  /// The most memory that any process of this run held.
  public var peakMemoryBytes: Int64?
  /// Median duration of the steps after the first two, in seconds, samples and checkpoints excluded;
  /// nil with fewer than three steps, and while the run is trained.
  public internal(set) var secondsPerStep: Double?
  /// Why the run failed, in one sentence.
  public var failure: String?
  /// Process that trains, or trained last.
  public var pid: Int32
  /// Name of the machine of that process.
  public var host: String

  /// A run as its folder tells it, for ``RunLog/adopt(_:steps:checkpoints:samples:validation:)``.
  /// `pid` and `host` are this process unless given.
  public init(
    id: Int64, subject: String, status: RunStatus, step: Int, steps: Int, path: String,
    model: String, dataset: String, config: String, version: String, startedAt: Date,
    updatedAt: Date, finishedAt: Date? = nil, loss: Double? = nil, peakMemoryBytes: Int64? = nil,
    failure: String? = nil, pid: Int32 = CurrentProcess.pid, host: String = CurrentProcess.host
  ) {
    self.id = id
    self.subject = subject
    self.status = status
    self.step = step
    self.steps = steps
    self.path = path
    self.model = model
    self.dataset = dataset
    self.config = config
    self.version = version
    self.startedAt = startedAt
    self.updatedAt = updatedAt
    self.finishedAt = finishedAt
    self.loss = loss
    self.peakMemoryBytes = peakMemoryBytes
    self.failure = failure
    self.pid = pid
    self.host = host
  }

  /// True when the run's process was on this machine and is no more. False does not prove that it
  /// lives: it may be on another machine, or its number may belong to a new process by now; the
  /// lock on the run's folder decides.
  public var processIsGone: Bool {
    host == CurrentProcess.host && kill(pid, 0) != 0 && errno == ESRCH
  }
}

extension Run {
  /// The median duration of the recorded steps after the first two, which also allocate memory and
  /// choose kernels: the middle one, or the mean of the middle two; nil when there are none.
  static func medianSeconds(of run: Int64, in db: Database) throws -> Double? {
    let seconds = try Double.fetchAll(
      db,
      sql: """
        SELECT seconds FROM (SELECT seconds FROM step WHERE run = ? ORDER BY step LIMIT -1 OFFSET 2)
        ORDER BY seconds
        """, arguments: [run])
    guard !seconds.isEmpty else { return nil }
    return (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
  }
}

extension Run: RunRecord {
  /// Name of the table.
  public static let databaseTableName = "run"
}

/// The columns of the table `run` that queries name.
enum RunColumn {
  static let id = Column("id")
  static let subject = Column("subject")
  static let status = Column("status")
}
