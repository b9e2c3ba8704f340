public import Foundation
import NN
public import Torch

/// Models in one file, made of tiny-sdxl, or only of SDXL's names and shapes.
public enum SingleFileModel {
  /// The origin of a tensor, in Tests/Golden/single-file/tiny-sdxl.layout.json.
  private struct Place: Decodable {
    let component: String
    let keys: [String]
    let form: String

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      component = try fields.decode(String.self)
      keys = try fields.decode([String].self)
      form = try fields.decode(String.self)
    }
  }

  private static let fixtures = Repository.golden.appending(path: "single-file")

  /// The tensors of tiny-sdxl in one file.
  public static func tinyTensors() throws -> [(name: String, tensor: Tensor)] {
    let model = Repository.golden.appending(path: "tiny-sdxl")
    let layout: [String: Place] = try decode("tiny-sdxl.layout.json")
    var files: [String: SafetensorsFile] = [:]
    for (part, name) in [
      ("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"),
      ("text_encoder", "model"), ("text_encoder_2", "model"),
    ] {
      files[part] = try SafetensorsFile(
        contentsOf: model.appending(path: "\(part)/\(name).safetensors"))
    }
    return try layout.sorted { $0.key < $1.key }.map { name, place in
      let weights = try place.keys.compactMap { try files[place.component]?.tensor($0) }
      let joined = try Tensor.cat(weights, dim: 0)
      let tensor =
        switch place.form {
        case "transposed": try joined.transpose(0, 1)
        case "unsqueezed": try joined.reshape(joined.shape + [1, 1])
        default: joined
        }
      return (name, tensor)
    }
  }

  /// tiny-sdxl in one file, beside a folder with its configurations and tokenizers.
  public static func tiny(
    in folder: URL, tensors: [(name: String, tensor: Tensor)]? = nil
  ) throws -> URL {
    let file = folder.appending(path: "tiny.safetensors")
    try SafetensorsWriter.write(tensors ?? tinyTensors(), to: file)
    let model = Repository.golden.appending(path: "tiny-sdxl")
    let description = folder.appending(path: "tiny.config")
    let files = FileManager.default
    for path in try files.subpathsOfDirectory(atPath: model.path)
    where path.hasSuffix(".json") || path.hasSuffix(".txt") {
      let copy = description.appending(path: path)
      if files.fileExists(atPath: copy.path) { continue }
      try files.createDirectory(
        at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: model.appending(path: path), to: copy)
    }
    return file
  }

  /// SDXL's base or refiner in float16 without values, or only the tensors whose names begin with
  /// `part`: a sparse file of the true length.
  public static func empty(_ name: String, in folder: URL, part: String = "") throws -> URL {
    let all: [String: [Int]] = try decode("\(name).keys.json")
    let shapes = all.filter { $0.key.hasPrefix(part) }
    var header: [String: Any] = [:]
    var end = 0
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let size = 2 * shape.reduce(1, *)
      header[name] = ["dtype": "F16", "shape": shape, "data_offsets": [end, end + size]]
      end += size
    }
    let json = try JSONSerialization.data(withJSONObject: header)
    let file = folder.appending(path: "\(part)\(name).safetensors")
    try (withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json).write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(8 + json.count + end))
    try handle.close()
    return file
  }

  private static func decode<Value: Decodable>(_ name: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: fixtures.appending(path: name)))
  }
}
