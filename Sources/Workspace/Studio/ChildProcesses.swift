package import Files
package import Foundation
import RunLog
import Synchronization
import Training

/// The trainings, exports and publications that the studio starts. Each is a process of its own, which goes
/// on if the studio ends.
package final class ChildProcesses: Sendable {
  /// What a process is asked to do.
  package enum Task: Sendable {
    /// Train a new run with the options of a configuration file.
    case train(config: URL)
    /// Resume a run.
    case resume(Int64)
    /// Write the adapter of a checkpoint for other programs.
    case export(AdapterOrder, output: URL)
    /// Publish the adapter of a checkpoint.
    case publish(PublicationOrder)

    /// Whether it trains a run.
    var isTraining: Bool {
      switch self {
      case .train, .resume: true
      case .export, .publish: false
      }
    }
  }

  /// A process that the studio has started.
  package struct Started: Encodable, Equatable, Sendable {
    package let id: Int
    /// The run that it trains; nil while the run is not recorded yet, and for other tasks.
    package var run: Int64?
    /// What it has printed last: the path of an export, or the address of a publication. nil until it is done.
    package var result: String?
    /// The error that ended the process, one sentence; nil while it runs, and without an error.
    package var failure: String?
    package var isRunning: Bool

    private enum CodingKeys: String, CodingKey {
      case id, run, result, failure
      case isRunning = "is_running"
    }
  }

  fileprivate struct Child {
    /// nil once it has ended.
    var process: Process?
    let pid: Int32
    let log: URL
    let run: Int64?
    let isTraining: Bool
    let startedAt = Date()
    /// The exit code; nil while it runs.
    var code: Int32?
  }

  let project: ProjectFolder
  private let home: URL
  private let program: URL
  private let arguments: @Sendable (Task) -> [String]
  private let children = Mutex<[Child]>([])

  /// - Parameters:
  ///   - home: the current folder of the processes.
  ///   - program: the executable.
  ///   - arguments: its arguments for a task.
  package init(
    _ project: ProjectFolder, home: URL, program: URL,
    arguments: @escaping @Sendable (Task) -> [String]
  ) {
    self.project = project
    self.home = home
    self.program = program
    self.arguments = arguments
  }

  /// Starts a process, whose output goes to a file. Throws `FileAccessError`, `ChildProcessError`.
  package func start(_ task: Task) throws -> Started {
    let folder = project.logs
    try DurableFile.makeFolder(folder)
    return try children.withLock { children in
      let log = folder.appending(path: "\(UUID().uuidString).log")
      guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
        throw FileAccessError(writing: log)
      }
      let output = try FileHandle(forWritingTo: log)
      let process = Process()
      process.executableURL = program
      process.arguments = arguments(task)
      process.currentDirectoryURL = home
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      do {
        try process.run()
        // The process has its own.
        try output.close()
      } catch {
        throw ChildProcessError.notStarted(program.path, reason: error.reason)
      }
      var run: Int64?
      if case .resume(let id) = task { run = id }
      children.append(
        Child(
          process: process, pid: process.processIdentifier, log: log, run: run,
          isTraining: task.isTraining))
      return Started(id: children.count, run: run, isRunning: true)
    }
  }

  /// Whether a process that was started runs. Its run may not be recorded yet.
  package var isTraining: Bool {
    children.withLock { children in
      for index in children.indices { children[index].update() }
      return children.contains { $0.isTraining && $0.code == nil }
    }
  }

  /// A process that was started; nil if there is none. Throws `RunLogError`.
  package func started(_ id: Int) throws -> Started? {
    let child = children.withLock { children -> Child? in
      guard children.indices.contains(id - 1) else { return nil }
      children[id - 1].update()
      return children[id - 1]
    }
    guard let child else { return nil }
    var started = Started(id: id, run: child.run, isRunning: child.code == nil)
    if child.isTraining, started.run == nil {
      // Numbers of processes are used again.
      started.run = try RunArchive(at: project.database)?.runs().last {
        $0.pid == child.pid && $0.host == CurrentProcess.host && $0.updatedAt >= child.startedAt
      }?.id
    }
    switch child.code {
    // A stopped training ends with 130.
    case nil, 130: break
    case 0: started.result = try Self.lastLine(child.log)
    case let code?: started.failure = try Self.lastSentence(child.log, code: code)
    }
    return started
  }

  /// Asks the process that trains a run to save and stop. Throws `RunLogError`, `ChildProcessError`,
  /// `FileAccessError`.
  package func stop(_ id: Int64) throws {
    let folder = project.folder(of: try RunLibrary(project).run(.number(id)))
    guard try RunLock.isHeld(folder) else { throw ChildProcessError.notTraining(run: id) }
    // The record of a run that is being resumed still has the process of before.
    guard let process = RunLock.ownHolder(folder) else {
      throw ChildProcessError.elsewhere(run: id, holder: RunLock.holder(folder))
    }
    guard kill(process, SIGTERM) == 0 else {
      throw ChildProcessError.notStopped(run: id, reason: systemReason(errno))
    }
  }

  /// The last line of a log, without the program's name.
  private static func lastSentence(_ log: URL, code: Int32) throws -> String {
    let sentence = try lastLine(log).trimmingPrefix("lora-train: ")
    return sentence.isEmpty
      ? "The process has ended with exit code \(code) and could not write a message to \(log.relativePath); "
        + "free some space on its disk." : String(sentence)
  }

  private static func lastLine(_ log: URL) throws -> String {
    let file = try FileHandle(forReadingFrom: log)
    let size = try file.seekToEnd()
    try file.seek(toOffset: size > longestLine ? size - longestLine : 0)
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    try file.close()
    return text.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
  }

  private static let longestLine: UInt64 = 4096
}

extension ChildProcesses.Child {
  /// Notes the end of the process, and lets go of it.
  fileprivate mutating func update() {
    guard let process, !process.isRunning else { return }
    code = process.terminationStatus
    self.process = nil
  }
}

/// A training that cannot be started or stopped from the studio.
package enum ChildProcessError: ReportableError, Equatable {
  case notStarted(String, reason: String)
  case notTraining(run: Int64)
  case elsewhere(run: Int64, holder: String)
  case notStopped(run: Int64, reason: String)

  package var kind: ErrorKind {
    switch self {
    case .notStarted, .notStopped: .internal
    case .notTraining, .elsewhere: .busy
    }
  }

  package var description: String {
    switch self {
    case .notStarted(let program, let reason):
      "\(program) cannot be started (\(reason)); install lora-train again."
    case .notTraining(let run):
      "No process trains run \(run); there is nothing to stop."
    case .elsewhere(let run, let holder):
      "Run \(run) is trained by \(holder); stop it there."
    case .notStopped(let run, let reason):
      "The process that trains run \(run) cannot be stopped (\(reason)); stop it where it was started."
    }
  }
}
