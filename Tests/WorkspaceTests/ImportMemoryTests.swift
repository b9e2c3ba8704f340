import Foundation
import Options
import TestSupport
import Testing
import Training

@testable import Workspace

@Suite("Imported memory settings")
struct ImportMemoryTests {
  @Test(
    "8-bit and swapped weights of sd-scripts become frozen weights in another form",
    arguments: [
      ("fp8_base = true", FrozenWeights.fp8), ("fp8_base_unet = true", .fp8),
      ("blocks_to_swap = 18", .offloaded), ("fp8_base = true\nblocks_to_swap = 18", .fp8),
      ("blocks_to_swap = 0", nil), ("fp8_base = false", nil),
    ] as [(String, FrozenWeights?)])
  func frozenWeights(line: String, expected: FrozenWeights?) throws {
    let folder = try TemporaryDirectory()
    let file = folder.url.appending(path: "training.toml")
    try Data("network_module = \"networks.lora\"\n\(line)\n".utf8).write(to: file)
    let project = try ImportedProject(contentsOf: file, subject: "dog")
    let translated = folder.url.appending(path: "dog.yaml")
    try Data(project.yaml.utf8).write(to: translated)
    let config = try TrainingConfig.load(OptionOverrides(), file: translated, folder: folder.url)
    #expect(config.frozenWeights == expected)
    #expect(config.gradientCheckpointing == (expected != nil))
    #expect(project.notes.filter { $0.fate == .approximated }.count == (expected == nil ? 0 : 1))
    let unused = project.notes.filter { $0.fate == .notNeeded }.map(\.setting)
    #expect(unused.contains { $0.hasPrefix("blocks_to_swap") } == line.contains("\n"))
  }
}
