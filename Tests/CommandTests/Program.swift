import Foundation
import Synchronization
import TestSupport

@testable import lora_train

/// The program: as users run it, in a process of its own, or in the process of the tests.
enum Program {
  /// How a process ended and what it said.
  struct Outcome {
    /// The exit code; for a process that a signal killed, minus the signal's number.
    let code: Int32
    /// Standard output.
    let results: String
    /// Standard error.
    let messages: String

    /// The last line of standard error.
    var lastMessage: String { messages.split(separator: "\n").last.map(String.init) ?? "" }
  }

  /// The executable lies beside the tests that SwiftPM has built with it.
  static var executable: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "lora-train")
  }

  /// Runs to the end.
  static func run(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(arguments, in: folder, environment: environment).wait()
  }

  /// Runs a command in this process, which saves loading libtorch again. Only for commands that
  /// neither train nor draw: those set libtorch's threads, which all tests of this process share.
  static func call(_ arguments: [String], in folder: URL) throws -> Outcome {
    try inCurrentFolder.withLock { _ in
      let files = FileManager.default
      let before = files.currentDirectoryPath
      let handlers = signals.map { ($0, signal($0, SIG_DFL)) }
      let streams = try TemporaryDirectory()
      let (results, messages) = try (streams.file("results"), streams.file("messages"))
      _ = files.changeCurrentDirectoryPath(folder.path)
      defer {
        _ = files.changeCurrentDirectoryPath(before)
        for (number, handler) in handlers { signal(number, handler) }
      }
      let code = Console.$streams.withValue(
        Console.Streams(
          results: try FileHandle(forWritingTo: results),
          messages: try FileHandle(forWritingTo: messages))
      ) { LoraTrain.run(arguments) }
      return Outcome(
        code: code, results: try String(contentsOf: results, encoding: .utf8),
        messages: try String(contentsOf: messages, encoding: .utf8))
    }
  }

  /// The current folder is the process's, so one command at a time has it.
  private static let inCurrentFolder = Mutex(())

  /// The signals that a command catches.
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]

  /// Starts without waiting.
  static func start(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> RunningProgram {
    try RunningProgram(executable, arguments, in: folder, environment: environment)
  }
}

/// A process of the program that may still be running.
final class RunningProgram {
  /// A process that does not get where it should.
  struct TooSlow: Error, CustomStringConvertible {
    let description: String
  }

  private static let patience = Duration.seconds(60)

  private let process = Process()
  private let streams: TemporaryDirectory
  private let output: URL
  private let errors: URL

  /// Files take the streams, since a pipe that nobody reads would stop the process.
  init(
    _ executable: URL, _ arguments: [String], in folder: URL, environment: [String: String]
  ) throws {
    streams = try TemporaryDirectory()
    output = try streams.file("output")
    errors = try streams.file("errors")
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  /// Waits for the end.
  func wait() throws -> Program.Outcome {
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Program.Outcome(
      code: signalled ? -process.terminationStatus : process.terminationStatus,
      results: try String(contentsOf: output, encoding: .utf8), messages: try messages())
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until the program has said something.
  func waitForMessage(_ text: String) throws {
    try wait("\"\(text)\" was not said") { try messages().contains(text) }
  }

  /// Waits until a file is there.
  func waitForFile(_ file: URL) throws {
    try wait("\(file.path) did not appear") {
      FileManager.default.fileExists(atPath: file.path)
    }
  }

  private func wait(_ problem: String, until isThere: () throws -> Bool) throws {
    let start = ContinuousClock.now
    while try !isThere() {
      guard process.isRunning, ContinuousClock.now - start < Self.patience else {
        process.terminate()
        throw TooSlow(description: "\(problem); it said: \(try messages())")
      }
      Thread.sleep(forTimeInterval: 0.005)
    }
  }

  private func messages() throws -> String { try String(contentsOf: errors, encoding: .utf8) }
}
