import Foundation
import TestSupport
import Testing
import Torch

@Suite("The profiler")
struct ProfilerTests {
  private struct Trace: Decodable {
    struct Event: Decodable { let name: String? }
    let traceEvents: [Event]
  }

  @Test("records the operations between start and stop, with those of a backward pass")
  func operations() throws {
    let folder = try TemporaryDirectory()
    let file = folder.url.appending(path: "trace.json")
    let a = try Tensor.ones([8, 8])
    try a.setRequiresGrad(true)
    _ = try a.cos()
    try Profiler.start()
    try a.matmul(a).exp().mean().backward()
    try Profiler.stop(writingTo: file)
    _ = try a.sin()
    let trace = try JSONDecoder().decode(Trace.self, from: Data(contentsOf: file))
    let names = trace.traceEvents.compactMap(\.name)
    #expect(names.filter { $0 == "aten::mm" }.count == 3)
    #expect(names.contains("aten::exp") && names.contains("aten::mean"))
    #expect(!names.contains("aten::cos") && !names.contains("aten::sin"))
  }

  @Test("cannot be stopped unless it runs")
  func notStarted() throws {
    let folder = try TemporaryDirectory()
    #expect(throws: TorchError.self) {
      try Profiler.stop(writingTo: folder.url.appending(path: "trace.json"))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "trace.json").path))
  }
}
