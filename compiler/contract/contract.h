// What the stages from linalg to LLVM tell each other, in attributes (contract.td).
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "compiler/contract/enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "compiler/contract/attributes.h.inc"

#include "compiler/contract/dialect.h.inc"

#define GET_OP_CLASSES
#include "compiler/contract/ops.h.inc"

namespace dlc::contract {

using Convolution = DlcDialect::ConvolutionAttrHelper;
using Rows = DlcDialect::RowsAttrHelper;
using Epilogue = DlcDialect::EpilogueAttrHelper;
using Group = DlcDialect::GroupAttrHelper;
using Start = DlcDialect::StartAttrHelper;
using Nonzero = DlcDialect::NonzeroAttrHelper;
using Padding = DlcDialect::PaddingAttrHelper;
using ArenaBytes = DlcDialect::ArenaBytesAttrHelper;
using Flops = DlcDialect::FlopsAttrHelper;
using Schedule = DlcDialect::ScheduleAttrHelper;
using Shared = DlcDialect::SharedAttrHelper;
using Work = DlcDialect::WorkAttrHelper;
using Buffer = DlcDialect::BufferAttrHelper;

/// `get<Work>(call)`: the attribute, null if the op has none.
template <typename Fact> auto get(mlir::Operation *op) {
  return Fact(op->getContext()).getAttr(op);
}
template <typename Fact, typename Attr> void set(mlir::Operation *op, Attr value) {
  Fact(op->getContext()).setAttr(op, value);
}
template <typename Fact> void drop(mlir::Operation *op) { Fact(op->getContext()).removeAttr(op); }

/// Which buffer an argument of a bufferized function is; null if the function is none.
inline BufferAttr bufferOf(mlir::func::FuncOp function, unsigned argument) {
  return function.getArgAttrOfType<BufferAttr>(argument, Buffer::getNameStr());
}

/// What is not as the attribute says of the nest; empty if all is. For passes that change a nest.
std::string contradiction(ConvolutionAttr convolution, mlir::Operation *nest);

} // namespace dlc::contract
