import Foundation
import NN
import Options
import TestSupport
import Testing
import Training

@testable import Workspace

@Suite("Adapters of other programs")
struct ImportNetworkTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func kohya(_ text: String) throws -> (config: TrainingConfig, notes: [String]) {
    let url = folder.url.appending(path: "a.toml")
    try Data(text.utf8).write(to: url)
    let project = try ImportedProject(contentsOf: url, subject: "dog")
    let yaml = folder.url.appending(path: "dog.yaml")
    try Data(project.yaml.utf8).write(to: yaml)
    let config = try TrainingConfig.load(OptionOverrides(), file: yaml, folder: folder.url)
    return (config, project.notes.map { "\($0.setting): \($0.reason)" })
  }

  @Test("LyCORIS' kinds, their constants and layers are taken over")
  func lycoris() throws {
    let lokr = try kohya(
      """
      network_module = "lycoris.kohya"
      network_args = ["algo=lokr", "factor=8", "decompose_both=True", "preset=attn-mlp"]
      """
    ).config.adaptation
    #expect(lokr.adapter == .lokr && lokr.lokrFactor == 8 && lokr.lokrDecomposeBoth)
    #expect(lokr.targets.names == ["attention-ff"])
    let dora = try kohya(
      """
      network_module = "lycoris.kohya"
      network_dim = 16
      network_args = ["algo=locon", "conv_dim=4", "dora_wd=True", "use_tucker=False"]
      """
    ).config
    #expect(dora.adaptation.adapter == .dora && dora.adaptation.targets.names == ["full"])
    #expect(dora.rank(of: "up_blocks.0.resnets.1.conv2") == 4)
    #expect(dora.rank(of: "up_blocks.0.resnets.1.time_emb_proj") == 16)
  }

  @Test("What has no counterpart is noted")
  func notes() throws {
    let oft = try kohya(
      "network_module = 'lycoris.kohya'\nnetwork_args = ['algo=diag-oft', 'preset=x', 'bypass_mode=True']"
    )
    for name in ["algo=diag-oft", "preset=x", "bypass_mode=True"] {
      #expect(oft.notes.contains { $0.hasPrefix("network_args = \(name)") }, "\(oft.notes)")
    }
    let convolutions = try kohya(
      "network_dim = 8\nnetwork_alpha = 8\nnetwork_args = ['conv_dim=4', 'conv_alpha=1', 'loraplus_lr_ratio=16']"
    )
    #expect(convolutions.config.optimization.loraPlusRatio == 16)
    #expect(
      convolutions.notes.contains(
        "network_args = conv_alpha=1: alpha keeps its ratio to the rank, so that of the convolutions is 4.0"
      ), "\(convolutions.notes)")
  }
}
