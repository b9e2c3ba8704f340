import Files
import Workspace

extension CacheReport {
  /// A table of the kinds, a table of the runs and the leftovers.
  var text: String {
    let kinds = Table(
      header: [path, "entries", "size", "used by runs"],
      rows: self.kinds.map { kind in
        [
          kind.kind, "\(kind.entries)", Format.megabytes(kind.bytes),
          kind.used.map(String.init) ?? "-",
        ]
      }
    ).text
    let runs = Table(
      header: ["run", "entries", "size", "missing", "folder"],
      rows: self.runs.map { run in
        let numbers = [
          run.entries.map(String.init), run.bytes.map(Format.megabytes),
          run.missing.map(String.init),
        ]
        return ["\(run.run)"] + numbers.map { $0 ?? "-" } + [run.folder]
      }
    ).text
    let left =
      leftovers == 0
      ? []
      : ["Leftovers of interrupted writes: \(leftovers), \(Format.megabytes(leftoverBytes))"]
    return ([kinds] + (self.runs.isEmpty ? [] : ["", runs]) + left).joined(separator: "\n")
  }
}
