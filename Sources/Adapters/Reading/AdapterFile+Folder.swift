package import Foundation
import NN
import StableDiffusion

extension AdapterFile {
  /// The file with an adapter's tensors in PEFT's form.
  package static let peftName = "adapter_model.safetensors"
  /// The file beside an adapter that PEFT writes rank and alpha to.
  package static let configurationName = "adapter_config.json"

  /// The names that adapter files have in folders of PEFT, of diffusers and of a checkpoint.
  private static let names = [
    peftName, "pytorch_lora_weights.safetensors", "adapter.safetensors",
  ]

  /// The folders in one of PEFT that hold the adapters of text encoders.
  private static let parts: [ModelDirectory.Component] = [.textEncoder, .textEncoder2]

  /// The files of an adapter: the file itself, or those of a folder. Throws
  /// `AdapterFileError.noAdapter` for a folder without any.
  package static func files(at url: URL) throws(AdapterFileError) -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { return [url] }
    func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    guard let main = names.map({ url.appending(path: $0) }).first(where: exists) else {
      throw .noAdapter(folder: url.relativePath, names: names)
    }
    guard main.lastPathComponent == peftName else { return [main] }
    return [main]
      + parts.map { url.appending(path: $0.rawValue).appending(path: peftName) }.filter(exists)
  }

  /// The free text in the header of an adapter's file. Throws `AdapterFileError`, `WeightsError`.
  package static func metadata(of url: URL) throws -> [String: String] {
    try SafetensorsFile(contentsOf: files(at: url)[0]).metadata
  }

  /// The part that a file of PEFT belongs to, which its folder names.
  static func part(ofFileAt url: URL) -> ModelDirectory.Component {
    parts.first { $0.rawValue == url.deletingLastPathComponent().lastPathComponent } ?? .unet
  }
}
