import Adapters
import Files
import Foundation

extension AdapterInfo {
  private static let longestValue = 100

  /// The information for people.
  var text: String {
    let largest = layers.max { ($0.deltaNorm ?? 0) < ($1.deltaNorm ?? 0) }
    var rows = [
      ["File", "\(file), \(Format.megabytes(bytes))"],
      ["Format", format],
      ["Kind", Self.counted(kinds)],
      ["Base model", family?.rawValue ?? "unknown"],
      ["Tensors", Self.counted(types)],
      ["Layers", parts.map { "\($0.part) \($0.layers)" }.joined(separator: ", ")],
      ["Rank", Self.range(layers.compactMap { $0.rank.map(Double.init) })],
      ["Alpha", Self.range(layers.compactMap(\.alpha))],
    ]
    let norms = parts.compactMap { part in
      part.deltaNorm.map { "\(part.part) \($0.fixed(3))" }
    }
    rows.append([
      "Strength",
      norms.isEmpty
        ? "depends on the base model"
        : "\(norms.joined(separator: ", ")) (norm of the changes)",
    ])
    if let largest, let norm = largest.deltaNorm {
      rows.append(["Strongest", "\(largest.name), \(norm.fixed(3))"])
    }
    if let trigger { rows.append(["Trigger", trigger]) }
    let blocks = parts.flatMap { part in
      part.blocks.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }.map {
        ["  \(part.part)", $0.key, "\($0.value)"]
      }
    }
    var text = Table(rows: rows).text + "\n\nLayers by block\n" + Table(rows: blocks).text
    if !metadata.isEmpty {
      let entries = metadata.sorted { $0.key < $1.key }
        .map { ["  \($0.key)", $0.value.replacing("\n", with: " ").excerpt(Self.longestValue)] }
      text += "\n\nMetadata\n" + Table(rows: entries).text
    }
    return text
  }

  /// One name, or each with its count.
  private static func counted(_ counts: [String: Int]) -> String {
    counts.sorted { $0.key < $1.key }
      .map { counts.count == 1 ? $0.key : "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  /// One value, or the smallest and the largest.
  private static func range(_ values: [Double]) -> String {
    guard let low = values.min(), let high = values.max() else { return "-" }
    return low == high ? low.short : "\(low.short) to \(high.short)"
  }
}
