import Drawing
import NN

@testable import Training

extension ResumeTests {
  /// A way to train for each optimizer, with rates and ranks by layers.
  static let methods: [Way] =
    OptimizerKind.allCases.map { kind in
      Way(
        testDescription: "\(kind.rawValue), with averages of the last steps",
        config: TinyTraining.config { config in
          config.optimization.optimizer = kind
          config.optimization.learningRate = kind.standardRate == 1 ? 1 : 1e-2
          config.optimization.learningRateWarmupSteps = 2
          config.sampleEvery = 3
          config.sampleSeeds = [7]
        })
    }
    + AdapterMethod.allCases.map { method in
      Way(
        testDescription: "\(method.rawValue) on all layers, by turns with each optimizer",
        config: TinyTraining.config { config in
          config.adaptation.adapter = method
          config.adaptation.targets = LayerTargets(["full"])
          let kinds = OptimizerKind.allCases
          let index = AdapterMethod.allCases.firstIndex(of: method) ?? 0
          config.optimization.optimizer = kinds[index % kinds.count]
          config.optimization.learningRate = config.optimization.optimizer.standardRate
          config.precision = method == .dora ? .bf16 : .fp32
        })
    }
    + LoRAInitialization.allCases.map { initialization in
      Way(
        testDescription: "begun as \(initialization.rawValue)",
        config: TinyTraining.config { $0.adaptation.adapterInitialization = initialization })
    }
    + [
      Way(
        testDescription: "ranks and rates by layers, LoRA+",
        config: TinyTraining.config { config in
          config.adaptation.targets = LayerTargets(["full"])
          config.adaptation.excludeTargets = ["up_blocks"]
          config.adaptation.layerRanks = LayerNumbers(["down_blocks": 1])
          config.optimization.layerRates = LayerNumbers(["mid_block": 0.5])
          config.optimization.loraPlusRatio = 4
          config.optimization.optimizer = .scheduleFreeAdamW
        }),
      Way(
        testDescription: "adafactor with relative steps",
        config: TinyTraining.config { config in
          config.optimization.optimizer = .adafactor
          config.optimization.adafactorRelativeStep = true
          config.optimization.adafactorScaleParameter = true
          config.optimization.learningRate = 1
        }),
    ]
    + AdapterMethod.allCases.map { method in
      Way(
        testDescription: "\(method.rawValue) with all dropouts and limited norms, accumulation",
        config: TextTrainingTests.config { config in
          config.adaptation.adapter = method
          config.adaptation.targets = LayerTargets(["full"])
          config.adaptation.adapterDropout = 0.2
          config.adaptation.rankDropout = 0.3
          config.adaptation.moduleDropout = 0.1
          config.adaptation.scaleWeightNorms = 0.05
          config.gradientAccumulation = 2
          config.gradientCheckpointing = true
          (config.sampleEvery, config.sampleSeeds, config.validateEvery) = (3, [7], 2)
        })
    }
}
