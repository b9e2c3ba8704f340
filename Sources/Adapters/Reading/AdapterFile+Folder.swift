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

  /// The text encoders, whose adapters are in folders of their own in one of PEFT.
  private static let encoders: [ModelDirectory.Component] = [.textEncoder, .textEncoder2]

  /// The file with a part's adapters in a folder of PEFT.
  static func peftFile(of part: ModelDirectory.Component, in folder: URL) -> URL {
    (part == .unet ? folder : folder.appending(path: part.rawValue)).appending(path: peftName)
  }

  /// The files of an adapter: the file itself, or those of a folder. Throws
  /// `AdapterFileError.noAdapter` for a folder without any.
  package static func files(at url: URL) throws(AdapterFileError) -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { return [url] }
    func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    let parts = ([.unet] + encoders).map { peftFile(of: $0, in: url) }.filter(exists)
    guard parts.isEmpty else { return parts }
    guard let file = names.map({ url.appending(path: $0) }).first(where: exists) else {
      throw .noAdapter(folder: url.relativePath, names: names, others: others(in: url))
    }
    return [file]
  }

  /// The files with tensors and the checkpoints in a folder, sorted; none if it cannot be read.
  private static func others(in folder: URL) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
        $0.hasSuffix(".safetensors") || $0.hasPrefix("step-")
      }.sorted()
    } catch {
      return []
    }
  }

  /// The free text in the header of an adapter's file. Throws `AdapterFileError`, `WeightsError`.
  package static func metadata(of url: URL) throws -> [String: String] {
    try SafetensorsFile(contentsOf: files(at: url)[0]).metadata
  }

  /// The part that a file of PEFT belongs to, which its folder names.
  static func part(ofFileAt url: URL) -> ModelDirectory.Component {
    encoders.first { $0.rawValue == url.deletingLastPathComponent().lastPathComponent } ?? .unet
  }
}
