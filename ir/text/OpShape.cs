using System.Reflection;
using Dlc.IR.Ops;

namespace Dlc.IR.Text;

/// <summary>One operator: its constructor and all that has to be written to make it again.</summary>
internal sealed class OpShape
{
    private readonly ConstructorInfo _constructor;
    private readonly PropertyInfo[] _parameters;
    private readonly PropertyInfo[] _others;

    public OpShape(Type type)
    {
        Type = type;
        var settable = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is not null && property.GetMethod is not null && property.GetIndexParameters().Length == 0)
            .ToArray();

        // The constructor that copies takes the record itself; of the others, the longest is the primary one.
        _constructor = type.GetConstructors()
            .Where(constructor => constructor.GetParameters() is not [var only] || only.ParameterType != type)
            .OrderByDescending(constructor => constructor.GetParameters().Length).First();
        _parameters =
        [
            .. _constructor.GetParameters().Select(parameter => settable.FirstOrDefault(property => property.Name == parameter.Name)
                ?? throw new InvalidOperationException($"the parameter {parameter.Name} of {type} is no property")),
        ];
        _others = [.. settable.Except(_parameters).OrderBy(property => property.MetadataToken)];
        Attributes = [.. _parameters, .. _others];
    }

    public Type Type { get; }

    /// <summary>Constructor parameters in order, then properties set by initializers in order of declaration.</summary>
    public IReadOnlyList<PropertyInfo> Attributes { get; }

    /// <summary>Makes the operator from the values of <see cref="Attributes"/>.</summary>
    public Op Create(ReadOnlySpan<object?> values)
    {
        try
        {
            var op = (Op)_constructor.Invoke(values[.._parameters.Length].ToArray());
            for (var i = 0; i < _others.Length; i++)
            {
                _others[i].SetValue(op, values[_parameters.Length + i]);
            }

            return op;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is not null)
        {
            throw new ArgumentException(exception.InnerException.Message, exception.InnerException);
        }
    }
}
