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

  @Test("Dropouts and the limit of the norms are taken over")
  func dropout() throws {
    let adapter = try kohya(
      """
      network_module = "lycoris.kohya"
      network_dropout = 0.1
      scale_weight_norms = 1
      network_args = ["algo=loha", "rank_dropout=0.25", "module_dropout=0.5"]
      """
    ).config.adaptation
    #expect(adapter.adapterDropout == 0.1 && adapter.scaleWeightNorms == 1)
    #expect(adapter.rankDropout == 0.25 && adapter.moduleDropout == 0.5)
    let off = try kohya(
      """
      network_dropout = 0
      scale_weight_norms = 0
      network_args = ["rank_dropout=0", "module_dropout=1"]
      """)
    #expect(off.config.adaptation.scaleWeightNorms == nil)
    #expect(
      off.notes.contains(
        "network_args = module_dropout=1: a share is a number from 0 to below 1"), "\(off.notes)")
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
