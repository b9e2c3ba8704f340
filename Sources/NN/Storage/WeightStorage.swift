public import Torch

/// How the weights of a model's blocks are kept while no pass uses them.
public enum WeightStorage: Hashable, Sendable {
  /// As passes use them.
  case resident
  /// Rounded to 8 bits, on the device.
  case quantized(QuantizedFormat)
  /// A share of them is not on the device: in the machine's memory for a GPU, in their file for the CPU.
  case offloaded(share: Double)

  /// The share of the weights that is in another form.
  package var share: Double {
    switch self {
    case .resident: 0
    case .quantized: 1
    case .offloaded(let share): share
    }
  }
}

extension WeightStorage {
  /// The weights that are in another form, of all in the order of ``Module/weightsToStore()``.
  package func part(
    of weights: [(path: String, parameter: Parameter)]
  ) -> [(path: String, parameter: Parameter)] {
    guard share < 1 else { return weights }
    let wanted = share * Double(weights.reduce(0) { $0 + $1.parameter.count })
    var count = 0
    return Array(
      weights.prefix { weight in
        defer { count += weight.parameter.count }
        return Double(count) < wanted
      })
  }
}

extension Module {
  /// The weights of the layers inside the recomputable units below this module, which are most of a
  /// model's. Norms and biases are not among them.
  package func blockWeights() -> [(path: String, parameter: Parameter)] {
    let blocks = Set(
      recomputableUnits().filter { type(of: $0).checkpointing == .blocks }
        .flatMap { $0.parameters() }.map { ObjectIdentifier($0.parameter) })
    return parameters().filter { _, parameter in
      parameter.shape.count > 1 && blocks.contains(ObjectIdentifier(parameter))
    }
  }

  /// Whether some of the weights come to the device for each use.
  package var isOffloaded: Bool { parameters().contains { $0.parameter.isOffloaded } }

  /// The bytes of the weights that are pages of a file.
  package func mappedBytes() -> Int {
    parameters().map(\.parameter).filter(\.isMapped).reduce(0) { sum, parameter in
      sum + parameter.shape.reduce(parameter.dtype?.itemSize ?? 0, *)
    }
  }

  /// The most block weights that one unit has.
  package func largestBlock() -> Int {
    recomputableUnits().filter { type(of: $0).checkpointing == .blocks }
      .map { unit in
        unit.parameters().map(\.parameter.shape).filter { $0.count > 1 }
          .reduce(0) { $0 + $1.reduce(1, *) }
      }.max() ?? 0
  }

  /// The block weights in the order in which a growing share of them is stored. It begins with layers that
  /// no group joins, since the weights of those are used as they come.
  package func weightsToStore() -> [(path: String, parameter: Parameter)] {
    let weights = blockWeights()
    let joined = Set(linearGroups().flatMap(\.layers).map { ObjectIdentifier($0.weight) })
    func isUsedAsItComes(_ weight: (path: String, parameter: Parameter)) -> Bool {
      weight.parameter.shape.count == 2 && !joined.contains(ObjectIdentifier(weight.parameter))
    }
    return weights.filter(isUsedAsItComes) + weights.filter { !isUsedAsItComes($0) }
  }

  /// The block weights that are in another form than resident.
  package func storedWeights(
    as storage: WeightStorage
  ) -> [(path: String, parameter: Parameter)] {
    storage == .resident ? [] : storage.part(of: weightsToStore())
  }

  /// Keeps the block weights in another form from now on. Without gradient checkpointing of blocks this
  /// saves no memory, since a graph keeps the values that were made for it.
  ///
  /// - Parameters:
  ///   - source: the weights of this module.
  ///   - dtype: the type of the values that passes use.
  /// - Throws: `WeightsError`, `TorchError`.
  package func storeBlockWeights(
    as storage: WeightStorage, from source: WeightSource, dtype: DType, device: Device
  ) throws {
    let order = OffloadOrder()
    let stored = storedWeights(as: storage)
    let others = Set(stored.map { ObjectIdentifier($0.parameter) })
    for (path, parameter) in blockWeights()
    where parameter.isStored && !others.contains(ObjectIdentifier(parameter)) {
      parameter.bind(try source.tensor(path).to(dtype).to(device))
    }
    for (path, parameter) in stored {
      switch storage {
      case .resident: break
      case .quantized(let format):
        parameter.store(
          try noGrad { try QuantizedTensor(source.tensor(path).to(device), format, dtype: dtype) })
        source.release(path)
      case .offloaded where device.isCUDA:
        let weight = try WeightInHostMemory(source.tensor(path).to(dtype), for: device)
        parameter.store(OrderedWeight(weight, in: order))
        source.release(path)
      case .offloaded:
        let weight = WeightInFile(path, in: source, dtype: dtype, shape: parameter.shape)
        parameter.store(OrderedWeight(weight, in: order))
        source.release(path)
      }
    }
    dropJoinedWeights()
  }
}
