import Files
import Foundation
import Synchronization

/// The open file `history.jsonl` of a run: a line for each step and each validation. Only lines
/// that could not be written yet stay in memory.
///
/// The file is synced before a checkpoint gets its name, and the checkpoint's state contains its
/// length and hash at that moment (``HistoryMark``). When the run is resumed, later lines are cut
/// off. A file that is shorter or has another hash is renamed to `history.damaged.jsonl`, unless
/// that exists, and a new file starts: the training does not depend on past losses, and the
/// database still has them.
final class HistoryFile: Sendable {
  private struct State {
    var hash: RunningHash
    var length: Int
    /// Lines that are not in the file yet.
    var pending = Data()
  }

  private let file: AppendedFile
  private let state: Mutex<State>

  private init(_ file: AppendedFile, length: Int, hash: sending RunningHash) {
    self.file = file
    state = Mutex(State(hash: hash, length: length))
  }

  /// Opens the history of a new run, or of one that is resumed from a state. Throws
  /// `FileAccessError`.
  ///
  /// - Returns: The history, and the damage of an existing file in one sentence.
  static func open(
    in run: RunFolder, from state: TrainingState?
  ) throws -> (history: HistoryFile, problem: String?) {
    try DurableFile.makeFolder(run.url)
    guard let state else { return (try empty(in: run), nil) }
    if let own = state.ownHistory {
      let lines = try own.records.reduce(into: Data()) { $0 += try $1.line }
      try DurableFile.replace(run.history, with: lines)
      var hash = RunningHash()
      hash.update(lines)
      let file = try AppendedFile(run.history, keeping: lines.count)
      return (HistoryFile(file, length: lines.count, hash: hash), nil)
    }
    do {
      var hash = RunningHash()
      try run.read(state.history) { hash.update($0) }
      try run.check(state.history, hash: hash)
      let file = try AppendedFile(run.history, keeping: state.history.bytes)
      return (HistoryFile(file, length: state.history.bytes, hash: hash), nil)
    } catch let error as CheckpointError {
      let aside = run.url.appending(path: "history.damaged.jsonl")
      if DurableFile.exists(run.history), !DurableFile.exists(aside) {
        try DurableFile.rename(run.history, to: aside)
      }
      return (try empty(in: run), "\(error)")
    }
  }

  private static func empty(in run: RunFolder) throws -> HistoryFile {
    HistoryFile(try AppendedFile(run.history, keeping: 0), length: 0, hash: RunningHash())
  }

  /// Length and hash of the history so far.
  var mark: HistoryMark {
    state.withLock { HistoryMark(bytes: $0.length, sha256: $0.hash.value) }
  }

  /// Appends a record. If writing fails, it is tried again with the next record, or at the latest
  /// when a checkpoint is saved. Throws `EncodingError` for a number that is infinite or not a
  /// number.
  func append(_ record: HistoryRecord) throws {
    let line = try record.line
    state.withLock { state in
      state.hash.update(line)
      state.length += line.count
      state.pending += line
      do {
        try flush(&state)
      } catch {
        // Saving a checkpoint tries again and reports the error.
      }
    }
  }

  /// Writes and syncs the whole history. Throws `FileAccessError.unwritable`.
  func sync() throws {
    try state.withLock { try flush(&$0) }
    try file.sync()
  }

  private func flush(_ state: inout State) throws(FileAccessError) {
    guard !state.pending.isEmpty else { return }
    try file.append(state.pending)
    state.pending = Data()
  }
}
