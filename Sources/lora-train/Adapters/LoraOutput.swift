import Adapters
import ArgumentParser
import Drawing
import Files
import Foundation
import NN
import StableDiffusion
import Torch

/// The LoRA file that a tool writes.
struct LoraOutput: ParsableArguments {
  @Option(help: .value("File to write; with --format peft a folder.", "file"))
  var output: String
  @Flag(help: "Replace an existing file.")
  var overwrite = false
  @Option(
    help: .value(
      "Form of the file: kohya, diffusers or peft, as in export. Default: kohya.", "form"),
    transform: named)
  var format = AdapterFormat.kohya
  @Option(
    help: .value(
      "Number format of the matrices: fp32, fp16 or bf16. Default: that of the input, the widest if "
        + "there are several.", "type"), transform: named)
  var precision: Precision?

  /// Checks the output before work that takes long. Throws `OutputError`.
  func place() throws -> URL {
    try AdapterPlace(output, format: format, overwrite: overwrite).url
  }

  /// Writes the adapters. Throws `FileAccessError`, `AdapterFileError.notFinite`, `TorchError`.
  ///
  /// - Parameter sources: the files that the adapters were made from.
  func write(
    _ adapters: LayerAdapters, of model: AdaptableLayers, from sources: [AdapterFile] = [],
    metadata: [String: String], to url: URL
  ) throws {
    let dtype = precision?.dtype ?? Self.widest(sources) ?? .float32
    try AdapterWriter(format, dtype: dtype).write(
      adapters, of: model, metadata: metadata, to: url)
  }

  /// float32 if a file has it, else the half type of the first file.
  private static func widest(_ files: [AdapterFile]) -> DType? {
    let types = files.flatMap { $0.layers.values.flatMap(\.tensors) }.map(\.tensor.dtype)
    let half = types.first { [.float16, .bfloat16].contains($0) }
    return Set(types).count == 1 ? half : types.isEmpty ? nil : .float32
  }
}

/// What a tool prints of the layers.
struct LayerReport: ParsableArguments {
  @Flag(help: "Print a line for each layer.")
  var verbose = false
  @Flag(help: "Print one JSON object, with every layer.")
  var json = false

  private struct Summary: Encodable {
    let output: String
    let layers: [MadeAdapter.Change]
    let omitted: [String]
  }

  /// Prints the output as a result, and what became of the layers as messages. Throws
  /// `StandardOutputError`.
  func print(_ made: MadeAdapter, output: String) throws {
    if verbose {
      let rows = made.changes.map {
        [$0.layer, "\($0.oldRank)", "\($0.newRank)", Self.percent($0.keptNorm)]
      }
      Console.message(Table(header: ["layer", "rank", "new rank", "kept"], rows: rows).text)
      for layer in made.omitted { Console.message("\(layer) does not differ, and is left out.") }
    }
    Console.message(Self.sentence(made))
    if json {
      try Console.result(
        json: Summary(output: output, layers: made.changes, omitted: made.omitted))
    } else {
      try Console.result(output)
    }
  }

  private static func sentence(_ made: MadeAdapter) -> String {
    let ranks = made.changes.map(\.newRank)
    let kept = made.changes.map(\.keptNorm)
    let (low, high) = (ranks.min() ?? 0, ranks.max() ?? 0)
    let mean = kept.reduce(0, +) / Double(max(kept.count, 1))
    let omitted = made.omitted.count
    let end = omitted == 0 ? "." : "; \(omitted) layers do not differ and are left out."
    return "\(made.changes.count) layers, rank \(low == high ? "\(low)" : "\(low) to \(high)"), "
      + "\(percent(mean)) of the norm kept on average, \(percent(kept.min() ?? 1)) at least\(end)"
  }

  private static func percent(_ share: Double) -> String { "\((100 * share).fixed(2)) %" }
}
