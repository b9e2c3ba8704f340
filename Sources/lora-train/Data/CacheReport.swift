import DreamBooth
import Foundation

/// What the caches hold, and for which runs, as JSON or text.
struct CacheReport: Encodable {
  struct Kind: Encodable {
    let kind: String
    let entries: Int
    let bytes: Int
    /// Entries that some run uses; nil where none is anybody's own.
    let used: Int?
  }

  struct Run: Encodable {
    let run: Int
    let folder: String
    /// nil: the run has not said what it uses.
    let entries: Int?
    let bytes: Int?
    /// Entries that are not there (any more); they are computed again when the run needs them.
    let missing: Int?
  }

  let path: String
  let kinds: [Kind]
  let runs: [Run]
  let leftovers: Int
  let leftover_bytes: Int

  /// Throws `FileAccessError`.
  init(_ folder: CacheFolder) throws {
    let entries = folder.entries()
    let bytes = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.bytes) })
    let uses = try folder.uses()
    let used = Set(uses.flatMap { $0.use?.files ?? [] })
    let left = folder.leftovers()
    path = folder.url.relativePath
    kinds = CacheKind.allCases.map { kind in
      let own = entries.filter { $0.kind == kind }
      return Kind(
        kind: kind.rawValue, entries: own.count, bytes: own.map(\.bytes).reduce(0, +),
        used: kind == .fileHashes ? nil : own.filter { used.contains($0.path) }.count)
    }
    runs = uses.map { run, use in
      let there = use?.files.compactMap { bytes[$0] }
      return Run(
        run: run.id, folder: run.url.relativePath, entries: there?.count,
        bytes: there?.reduce(0, +), missing: use.map { $0.files.count - (there?.count ?? 0) })
    }
    leftovers = left.count
    leftover_bytes = left.map(\.bytes).reduce(0, +)
  }

  /// Two tables and a line.
  var text: String {
    let kinds = Table(
      header: [path, "entries", "size", "used by runs"],
      rows: self.kinds.map { kind in
        [kind.kind, "\(kind.entries)", Self.size(kind.bytes), kind.used.map(String.init) ?? "-"]
      }
    ).text
    let runs = Table(
      header: ["run", "entries", "size", "missing", "folder"],
      rows: self.runs.map { run in
        let numbers = [
          run.entries.map(String.init), run.bytes.map(Self.size), run.missing.map(String.init),
        ]
        return ["\(run.run)"] + numbers.map { $0 ?? "-" } + [run.folder]
      }
    ).text
    let left =
      leftovers == 0
      ? [] : ["Left behind by interrupted writing: \(leftovers), \(Self.size(leftover_bytes))"]
    return ([kinds] + (self.runs.isEmpty ? [] : ["", runs]) + left).joined(separator: "\n")
  }

  /// As people read it.
  static func size(_ bytes: Int) -> String {
    let number = (Double(bytes) / 1e6).formatted(
      .number.precision(.fractionLength(2)).grouping(.never))
    return "\(number) MB"
  }
}
