import Foundation
import TestSupport
import Torch

@testable import Adapters
@testable import NN

extension FuzzTarget {
  /// Files with tensors.
  static let weights = [safetensors, weightIndex, adapter, adapterConfiguration]

  private static let safetensors = FuzzTarget("safetensors") { bytes in
    let file = try SafetensorsFile(
      contentsOf: Scratch.file("safetensors", "model.safetensors", bytes))
    for name in file.names { _ = try file.tensor(name).clone() }
  }

  private static let weightIndex = FuzzTarget("weight-index") { bytes in
    let target = "weight-index"
    _ = try Scratch.file(target, "one.safetensors", safetensors(header: oneTensor))
    _ = try Scratch.file(target, "model.safetensors.index.json", bytes)
    let source = try WeightSource(directory: Scratch.folder(target), name: "model")
    for name in source.names { _ = try source.tensor(name) }
  }

  /// The bytes are the header, so that its length is right.
  private static let adapter = FuzzTarget("adapter") { header in
    _ = try AdapterInfo(
      contentsOf: Scratch.file("adapter", "dog.safetensors", safetensors(header: header)))
  }

  /// The bytes are `adapter_config.json`.
  private static let adapterConfiguration = FuzzTarget("adapter-configuration") { bytes in
    let target = "adapter-configuration"
    _ = try Scratch.file(target, "adapter_config.json", bytes)
    _ = try AdapterInfo(
      contentsOf: Scratch.file(
        target, "adapter_model.safetensors", safetensors(header: oneLayer)))
  }

  private static let oneTensor = Data(
    #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8)
  private static let oneLayer = Data(
    """
    {"base_model.model.to_q.lora_A.weight":{"dtype":"F32","shape":[1,4],"data_offsets":[0,16]},\
    "base_model.model.to_q.lora_B.weight":{"dtype":"F32","shape":[4,1],"data_offsets":[16,32]}}
    """.utf8)

  /// A safetensors file with a header, and as many data as the offsets in the seeds need.
  private static func safetensors(header: Data) -> Data {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
      + Data((0..<256).map { UInt8($0) })
  }
}
