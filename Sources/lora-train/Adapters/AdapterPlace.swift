import Adapters
import Drawing
import Foundation

/// The output of a command that writes an adapter: a `.safetensors` file, or a folder in PEFT's form.
struct AdapterPlace {
  let url: URL

  /// Checks the output before work that takes long. Throws `OutputError`.
  init(_ output: String, format: AdapterFormat, overwrite: Bool) throws {
    url = URL(filePath: output)
    let isFile = url.pathExtension == "safetensors"
    if format == .peft, isFile { throw OutputError.notAdapterFolder(output) }
    if format != .peft, !isFile { throw OutputError.notSafetensors(output) }
    if !overwrite, FileManager.default.fileExists(atPath: url.path) {
      throw OutputError.exists(output)
    }
  }
}
