public import Files
public import Foundation
public import GRDB

/// The state of a run.
public enum RunStatus: String, Codable, Sendable, DatabaseValueConvertible {
  case running, interrupted, finished, failed
}

/// One training run, a row of the table `run`.
public struct Run: Codable, Equatable, Sendable, Identifiable {
  /// The highest possible id of a run.
  static let highestID = Int64(Int32.max)

  /// The run's number on the command line, from 1.
  public let id: Int64
  /// Name of the subject, as in `--subject`.
  public var subject: String
  /// The state last recorded. A process that died leaves `running` behind.
  public var status: RunStatus
  /// The number of optimizer steps done.
  public var step: Int
  /// The number of optimizer steps of the whole run.
  public var steps: Int
  /// Path of the run folder, relative to the database's folder.
  public var path: String
  /// The base model as in `--model`.
  public var model: String
  /// The dataset folder as in `--dataset`.
  public var dataset: String
  /// The resolved training configuration, the text of a JSON object.
  public var config: String
  /// Version of the program that started the run.
  public var version: String
  /// Start of the run.
  public var startedAt: Date
  /// Time of the last record of the run.
  public var updatedAt: Date
  /// Time when the run finished or failed; nil before.
  public var finishedAt: Date?
  /// Loss of the last step; nil before the first.
  public var loss: Double?
  /// Peak memory of the run's training steps, in bytes: of tensors on a GPU, or of the processes on
  /// the CPU, which also prepare data and draw samples.
  public var peakMemoryBytes: Int64?
  /// Median duration of the steps after the first two, in seconds, without samples and checkpoints;
  /// nil with fewer than three steps, and while the run is running.
  public internal(set) var secondsPerStep: Double?
  /// The error that ended the run, one sentence; nil unless it failed.
  public var failure: String?
  /// Id of the process that trains the run, or trained it last.
  public var pid: Int32
  /// Name of that process's machine.
  public var host: String
  /// The number of ranks that train the run together, or trained it last; nil for a process on its own.
  public var worldSize: Int?
  /// The names of the ranks' machines, each once; nil for a process on its own.
  public var hosts: [String]?

  /// Creates a run from what its folder contains, for
  /// ``RunLog/adopt(_:steps:checkpoints:samples:validation:resumes:)``. `pid` and `host` are this
  /// process by default.
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

  /// Whether the run's process ran on this machine and has ended. False does not prove that it is
  /// alive: it may be on another machine, or a new process may have its id. The lock on the run
  /// folder decides.
  public var processIsGone: Bool {
    host == CurrentProcess.host && kill(pid, 0) != 0 && errno == ESRCH
  }
}

extension Run {
  /// The median duration in seconds of the newest 1000 steps, without the run's first two, which also
  /// allocate memory and choose kernels; nil with fewer than three steps.
  static func medianSeconds(of run: Int64, in db: Database) throws -> Double? {
    let seconds = try Double.fetchAll(
      db,
      sql: """
        SELECT seconds FROM (
          SELECT seconds FROM step
          WHERE run = :run AND step NOT IN (SELECT step FROM step WHERE run = :run ORDER BY step LIMIT 2)
          ORDER BY step DESC LIMIT 1000)
        ORDER BY seconds
        """, arguments: ["run": run])
    guard !seconds.isEmpty else { return nil }
    return (seconds[(seconds.count - 1) / 2] + seconds[seconds.count / 2]) / 2
  }
}

extension Run: RunRecord {
  /// The table of runs.
  public static let databaseTableName = "run"
}

/// The columns of the table `run` that queries use.
enum RunColumn {
  static let id = Column("id")
  static let status = Column("status")
}
