import Files
import Foundation

/// The measurements of a run: its steps and its validations, oldest first.
public struct TrainingHistory: Sendable, Equatable {
  /// All optimizer steps.
  public internal(set) var steps: [StepReport] = []
  /// All validations on the current validation images.
  public internal(set) var validation: [ValidationReport] = []

  /// The records in the order in which they were made.
  var records: [HistoryRecord] {
    var records: [HistoryRecord] = []
    var evaluations = validation[...]
    func evaluate(through step: Int) {
      while let next = evaluations.first, next.step <= step {
        records.append(.validation(next))
        evaluations.removeFirst()
      }
    }
    evaluate(through: 0)
    for step in steps {
      records.append(.step(step))
      evaluate(through: step.step)
    }
    return records
  }

  mutating func add(_ record: HistoryRecord) {
    switch record {
    case .step(let report): steps.append(report)
    case .validation(let report): validation.append(report)
    case .validationReset: validation = []
    }
  }
}

/// A line of `history.jsonl`: `{"step":{...}}`, `{"validation":{...}}` or
/// `{"validation_reset":true}`.
enum HistoryRecord: Sendable, Equatable {
  case step(StepReport)
  case validation(ValidationReport)
  /// The validation images changed: earlier validations are not comparable with later ones.
  case validationReset
}

extension HistoryRecord: Codable {
  private enum CodingKeys: String, CodingKey {
    case step
    case validation
    case validationReset = "validation_reset"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    if let report = try values.decodeIfPresent(StepReport.self, forKey: .step) {
      self = .step(report)
    } else if let report = try values.decodeIfPresent(ValidationReport.self, forKey: .validation) {
      self = .validation(report)
    } else {
      _ = try values.decode(Bool.self, forKey: .validationReset)
      self = .validationReset
    }
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .step(let report): try values.encode(report, forKey: .step)
    case .validation(let report): try values.encode(report, forKey: .validation)
    case .validationReset: try values.encode(true, forKey: .validationReset)
    }
  }

  /// The record as a line of `history.jsonl`.
  var line: Data {
    get throws { try CheckpointFolder.encode(self) + Data("\n".utf8) }
  }
}

/// The part of `history.jsonl` that belongs to a checkpoint: its first bytes, and their SHA-256.
public struct HistoryMark: Codable, Sendable, Equatable {
  /// The number of bytes.
  public var bytes: Int
  /// SHA-256 of these bytes.
  public var sha256: String

  package init(bytes: Int, sha256: String) {
    self.bytes = bytes
    self.sha256 = sha256
  }

  static let empty = HistoryMark(bytes: 0, sha256: RunningHash().value)
}

extension RunFolder {
  /// The history that belongs to a checkpoint's state. Throws `CheckpointError.historyDamaged`.
  public func history(of state: TrainingState) throws -> TrainingHistory {
    if let history = state.ownHistory { return history }
    var history = TrainingHistory()
    let decoder = JSONDecoder()
    do {
      for line in try bytes(of: state.history).split(separator: UInt8(ascii: "\n")) {
        history.add(try decoder.decode(HistoryRecord.self, from: line))
      }
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw historyDamaged("a line is malformed")
    }
    return history
  }

  /// Everything recorded, also after the newest checkpoint, up to the first line that cannot be
  /// read. Empty without a history file.
  public func recordedHistory() -> TrainingHistory {
    var history = TrainingHistory()
    let decoder = JSONDecoder()
    do {
      for line in try Data(contentsOf: self.history).split(separator: UInt8(ascii: "\n")) {
        history.add(try decoder.decode(HistoryRecord.self, from: line))
      }
    } catch {
      // The last line of a process that died may be incomplete.
    }
    return history
  }

  /// The history file.
  var history: URL { url.appending(path: "history.jsonl") }

  private func bytes(of mark: HistoryMark) throws -> Data {
    guard mark.bytes > 0 else { return Data() }
    var hash = RunningHash()
    var bytes = Data()
    try read(mark) { chunk in
      hash.update(chunk)
      bytes += chunk
    }
    try check(mark, hash: hash)
    return bytes
  }

  /// Reads the bytes of a mark in chunks. Throws `CheckpointError.historyDamaged` if the file is
  /// shorter.
  func read(_ mark: HistoryMark, _ body: (Data) -> Void) throws(CheckpointError) {
    var rest = mark.bytes
    do {
      let file = try FileHandle(forReadingFrom: history)
      while rest > 0, let chunk = try file.read(upToCount: min(rest, 1 << 20)), !chunk.isEmpty {
        body(chunk)
        rest -= chunk.count
      }
      try file.close()
    } catch {
      throw historyDamaged("it is missing or unreadable")
    }
    guard rest == 0 else { throw historyDamaged("\(rest) bytes at its end are missing") }
  }

  /// Throws `CheckpointError.historyDamaged` if the hash is not that of the mark.
  func check(_ mark: HistoryMark, hash: RunningHash) throws(CheckpointError) {
    guard hash.value == mark.sha256 else { throw historyDamaged("its hash is wrong") }
  }

  private func historyDamaged(_ problem: String) -> CheckpointError {
    .historyDamaged(file: history.relativePath, problem: problem)
  }
}
