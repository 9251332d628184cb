using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Convolution (cross-correlation) of <c>x [N, C, spatial...]</c> with <c>w [M, C/Groups, kernel...]</c> to <c>[N, M, out...]</c>, where
/// <c>out = floor((in + PadsBegin + PadsEnd - dilation*(k - 1) - 1) / stride) + 1</c>; padding reads as 0. One number per spatial axis in each
/// list; pads may be negative (cropping). No bias: that is an Add after it. Sums in <paramref name="Accumulator"/>, which is the
/// result's element type too (i32 for i8 and u8 operands, which may then differ). ONNX Conv. Lowered by the blocked template.
/// </summary>
public sealed record Conv(ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin, ValueList<Dim> PadsEnd,
    long Groups, ElementType Accumulator) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        var (x, w) = (c.Input(0), c.Input(1));
        var spatial = x.Rank - 2;
        if (spatial < 1 || w.Rank != x.Rank)
        {
            throw c.Error($"expects [N, C, spatial...] and [M, C/groups, kernel...] of one rank, found {x} and {w}");
        }

        if (Strides.Count != spatial || Dilations.Count != spatial || PadsBegin.Count != spatial || PadsEnd.Count != spatial)
        {
            throw c.Error($"expects {spatial} strides, dilations and pads for {x}, found {Strides}, {Dilations}, {PadsBegin}, {PadsEnd}");
        }

        if (Strides.Any(s => s < 1) || Dilations.Any(d => d < 1) || Groups < 1)
        {
            throw c.Error($"expects positive strides, dilations and groups, found {Strides}, {Dilations}, {Groups}");
        }

        if (x.Element != w.Element && Accumulator != ElementType.Int32)
        {
            throw c.Error($"expects one element type, found {x} and {w}");
        }

        c.RequireEqual(x.Shape[1], w.Shape[1] * Groups, "input channels");
        c.Require(w.Shape[0], Relation.Divisible, c.Dims.Const(Groups), "output channels");
        var output = new Dim[x.Rank];
        (output[0], output[1]) = (x.Shape[0], w.Shape[0]);
        for (var axis = 0; axis < spatial; axis++)
        {
            var window = new Window(w.Shape[axis + 2], Strides[axis], Dilations[axis], PadsBegin[axis], PadsEnd[axis]);
            output[axis + 2] = window.OutputDim(c, x.Shape[axis + 2], isCeiling: false);
        }

        c.Output(Accumulator, new Shape([.. output]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, w, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var (pads, spatial) = (PadsBegin.Select(c.Dim).ToArray(), x.Rank - 2);
        var (channels, perGroup) = (w.Dims[1], output.Dims[1] / Groups);
        var (inDims, kernelDims, outDims) = (x.Dims[2..], w.Dims[2..], output.Dims[2..]);
        var (inCount, kernelCount, outCount) = (RowMajor.Count(inDims), RowMajor.Count(kernelDims), RowMajor.Count(outDims));
        for (var o = 0L; o < output.Count; o++)
        {
            var at = RowMajor.Index(o % outCount, outDims);
            var m = o / outCount % output.Dims[1];
            var image = ((o / outCount / output.Dims[1] * x.Dims[1]) + (m / perGroup * channels)) * inCount;
            var (sum, integer) = (0.0, 0L);
            for (var k = 0L; k < kernelCount; k++)
            {
                var tap = RowMajor.Index(k, kernelDims);
                var (offset, isInside) = (0L, true);
                for (var axis = 0; axis < spatial; axis++)
                {
                    var i = (at[axis] * Strides[axis]) + (tap[axis] * Dilations[axis]) - pads[axis];
                    isInside &= i >= 0 && i < inDims[axis];
                    offset = (offset * inDims[axis]) + i;
                }

                for (var channel = 0L; isInside && channel < channels; channel++)
                {
                    var (xi, wi) = (image + (channel * inCount) + offset, (((m * channels) + channel) * kernelCount) + k);
                    if (Accumulator.IsFloat())
                    {
                        sum += x.GetDouble(xi) * w.GetDouble(wi);
                    }
                    else
                    {
                        integer += x.GetLong(xi) * w.GetLong(wi);
                    }
                }
            }

            if (Accumulator.IsFloat())
            {
                output.SetDouble(o, sum);
            }
            else
            {
                output.SetLong(o, integer);
            }
        }
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => ConvGradient.OfInput(c, this));
        c.Give(1, () => ConvGradient.OfWeights(c, this));
    }
}
